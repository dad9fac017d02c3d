#![doc = include_str!("coming_from_pytorch.md")]
