//! Guides for those who know another library: its names beside this crate's, and where they differ.
//!
//! | you come from | guide |
//! | --- | --- |
//! | scikit-learn | [`coming_from_scikit_learn`] |
//! | Keras | [`coming_from_keras`] |
//! | PyTorch | [`coming_from_pytorch`] |
//!
//! This module holds no code.

pub mod coming_from_keras;
pub mod coming_from_pytorch;
pub mod coming_from_scikit_learn;
