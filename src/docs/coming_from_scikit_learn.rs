#![doc = include_str!("coming_from_scikit_learn.md")]
