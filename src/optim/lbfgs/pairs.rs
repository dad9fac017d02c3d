//! The correction pairs, and the quasi-Newton direction that they give.

use super::inner_product::{add_scaled, dot};
use crate::scalar::Scalar;

/// The last few steps s with the changes of gradient y along them, in two rings.
#[derive(Debug)]
pub(super) struct Pairs<F> {
    steps: Vec<F>,
    changes: Vec<F>,
    /// `s·y` of each pair (> 0).
    curvatures: Vec<f64>,
    /// What the first loop of the recursion keeps for the second.
    weights: Vec<f64>,
    /// `s·y / y·y` of the newest pair, which scales the first guess at the inverse Hessian.
    scale: f64,
    /// Length of a vector.
    size: usize,
    /// Ring place of the next pair.
    next: usize,
    len: usize,
}

impl<F: Scalar> Pairs<F> {
    pub(super) fn new(capacity: usize, size: usize) -> Self {
        Self {
            steps: vec![F::zero(); capacity * size],
            changes: vec![F::zero(); capacity * size],
            curvatures: vec![0.0; capacity],
            weights: vec![0.0; capacity],
            scale: 1.0,
            size,
            next: 0,
            len: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn clear(&mut self) {
        (self.next, self.len) = (0, 0);
    }

    /// Adds the step `length·direction` and its change of gradient; the oldest pair gives way.
    pub(super) fn push(&mut self, length: f64, direction: &[F], change: &[F], curvature: f64) {
        let range = self.next * self.size..(self.next + 1) * self.size;
        let length = F::from_f64(length);
        for (to, &value) in self.steps[range.clone()].iter_mut().zip(direction) {
            *to = length * value;
        }
        self.changes[range].copy_from_slice(change);
        self.curvatures[self.next] = curvature;
        self.scale = curvature / dot(change, change);
        let capacity = self.curvatures.len();
        self.next = (self.next + 1) % capacity;
        self.len = (self.len + 1).min(capacity);
    }

    /// Ring place of the pair `age` (0 for the newest).
    fn place(&self, age: usize) -> usize {
        let capacity = self.curvatures.len();
        (self.next + capacity - 1 - age) % capacity
    }

    /// Overwrites `direction` by `−H·gradient` (two-loop recursion, Nocedal 1980); `−gradient`
    /// without pairs.
    pub(super) fn direction(&mut self, gradient: &[F], direction: &mut [F]) {
        for (to, &value) in direction.iter_mut().zip(gradient) {
            *to = -value;
        }
        if self.is_empty() {
            return;
        }
        for age in 0..self.len {
            let place = self.place(age);
            let range = place * self.size..(place + 1) * self.size;
            let weight = dot(&self.steps[range.clone()], direction) / self.curvatures[place];
            self.weights[place] = weight;
            add_scaled(F::from_f64(-weight), &self.changes[range], direction);
        }
        let scale = F::from_f64(self.scale);
        direction.iter_mut().for_each(|value| *value *= scale);
        for age in (0..self.len).rev() {
            let place = self.place(age);
            let range = place * self.size..(place + 1) * self.size;
            let correction = dot(&self.changes[range.clone()], direction) / self.curvatures[place];
            let weight = F::from_f64(self.weights[place] - correction);
            add_scaled(weight, &self.steps[range], direction);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_pair_satisfies_the_secant_equation_and_old_ones_give_way() {
        let mut pairs = Pairs::<f64>::new(2, 3);
        let mut direction = [0.0; 3];
        pairs.direction(&[1.0, -2.0, 0.5], &mut direction);
        assert_eq!(direction, [-1.0, 2.0, -0.5]);
        let given = [
            ([9.0, 9.0, 9.0], [1.0, 1.0, 1.0]),
            ([1.0, 0.5, -1.0], [2.0, 0.25, -0.5]),
            ([0.25, 1.0, 0.5], [0.5, 3.0, 1.0]),
        ];
        for (step, change) in &given {
            pairs.push(0.5, step, change, 0.5 * dot(step, change));
        }
        // H·y = s for the newest pair, whatever the others.
        let (step, change) = given[2];
        pairs.direction(&change, &mut direction);
        for (got, step) in direction.iter().zip(step) {
            assert!((got + 0.5 * step).abs() < 1e-14);
        }
        let two = direction_of(&given[1..]);
        pairs.direction(&[1.0, 2.0, 3.0], &mut direction);
        assert_eq!(direction, two, "the first of three pairs is forgotten");
        pairs.clear();
        pairs.direction(&[1.0, -2.0, 0.5], &mut direction);
        assert_eq!(direction, [-1.0, 2.0, -0.5]);
    }

    fn direction_of(given: &[([f64; 3], [f64; 3])]) -> [f64; 3] {
        let mut pairs = Pairs::new(2, 3);
        for (step, change) in given {
            pairs.push(0.5, step, change, 0.5 * dot(step, change));
        }
        let mut direction = [0.0; 3];
        pairs.direction(&[1.0, 2.0, 3.0], &mut direction);
        direction
    }
}
