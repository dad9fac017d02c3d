//! The settings that whatever trains a network has: who computes a step, how it is cut, what it penalises.

/// The builder methods for fields of these names.
macro_rules! step_methods {
    () => {
        /// Who works: it changes the time, not the result; [`Parallelism::Auto`].
        pub fn parallelism(mut self, parallelism: Parallelism) -> Self {
            self.parallelism = parallelism;
            self
        }

        /// Row shards of a batch, at least 1. Changes the last bits of the result, and how many threads
        /// can work on a batch's forward and backward passes. Unless told otherwise: one for tiny work,
        /// else two, doubled as long as each keeps 128 rows.
        pub fn shards(mut self, shards: usize) -> Self {
            self.shards = Some(shards);
            self
        }

        /// Who computes the weight gradients; [`WeightGradient::Owners`]. Changes the last bits.
        pub fn weight_gradient(mut self, weight_gradient: WeightGradient) -> Self {
            self.weight_gradient = weight_gradient;
            self
        }

        /// Who computes the matrix products; [`Gemm::default`]. Changes the last bits.
        pub fn gemm(mut self, gemm: Gemm) -> Self {
            self.gemm = gemm;
            self
        }

        /// A penalty on all weights but biases and what normalises, added to the mean loss; layers that
        /// have one of their own keep that. None.
        pub fn regularizer(mut self, regularizer: Regularizer) -> Self {
            self.regularizer = regularizer;
            self
        }
    };
}
pub(super) use step_methods;
