//! Fewer points for the same picture.

/// At most about `most` points that look like all of them: each stretch's least and greatest, and
/// both ends. Points whose y is NaN are gaps, and remain where a whole stretch is one.
pub(super) fn thin(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    if points.len() <= most {
        return points.to_vec();
    }
    let stretch = points.len().div_ceil((most / 2).max(1));
    let mut kept = Vec::with_capacity(most + 2);
    kept.extend(points.first());
    for part in points.chunks(stretch) {
        let finite = || part.iter().enumerate().filter(|(_, point)| !point.1.is_nan());
        let least = finite().min_by(|a, b| a.1.1.total_cmp(&b.1.1));
        let greatest = finite().max_by(|a, b| a.1.1.total_cmp(&b.1.1));
        let (Some((i, _)), Some((j, _))) = (least, greatest) else {
            kept.extend(part.first());
            continue;
        };
        kept.push(part[i.min(j)]);
        if i != j {
            kept.push(part[i.max(j)]);
        }
    }
    kept.extend(points.last());
    kept.dedup_by(|a, b| a.0 == b.0);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_ends_and_gaps_remain() {
        let mut points: Vec<(f64, f64)> = (0..10_000).map(|i| (f64::from(i), 1.0)).collect();
        points[1234].1 = 9.0;
        points[7777].1 = -9.0;
        for point in &mut points[4000..4500] {
            point.1 = f64::NAN;
        }
        let few = thin(&points, 200);
        assert!((100..=202).contains(&few.len()), "{}", few.len());
        assert!(few.contains(&(1234.0, 9.0)) && few.contains(&(7777.0, -9.0)));
        assert_eq!((few[0], few[few.len() - 1]), (points[0], points[9999]));
        assert!(few.iter().any(|point| point.1.is_nan()));
        assert!(few.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(thin(&points[..200], 200).len(), 200);
    }
}
