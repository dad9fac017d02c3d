//! What every estimator promises: those in [`listed`], alone and behind a scaler, in f32 and f64. A new one is
//! tested by being listed. Transformers have a contract of their own (`transformer_contract.rs`).
//!
//! scikit-learn 1.9's checks (`sklearn/utils/estimator_checks.py`) that have a meaning here:
//!
//! | scikit-learn's check | here |
//! | --- | --- |
//! | `check_estimator_cloneable`, `check_estimators_overwrite_params`, `check_dont_overwrite_parameters`, `check_dict_unchanged`, `check_sample_weights_not_overwritten`, `check_readonly_memmap_input` | `fitting_changes_neither_settings_nor_data` |
//! | `check_estimator_repr` | the same: every configuration and model has `Debug` |
//! | `check_n_features_in`, `check_n_features_in_after_fitting`, `check_fit2d_predict1d` | `the_wrong_number_of_features_is_refused` |
//! | `check_estimators_partial_fit_n_features` | `a_failed_partial_fit_leaves_the_model_as_it_was` |
//! | `check_estimators_dtypes` | every check runs in f32 and f64 |
//! | `check_estimators_nan_inf`, `check_supervised_y_no_nan` | `what_is_not_finite_is_refused` |
//! | `check_estimators_empty_data_messages`, `check_sample_weights_shape`, `check_all_zero_sample_weights_error`, `check_requires_y_none` | `malformed_data_are_refused` |
//! | `check_sample_weight_equivalence_on_dense_data` | `weights_are_repeats_and_zero_is_absence` |
//! | `check_classifiers_one_label`, `check_classifiers_one_label_sample_weights` | `a_single_class_is_no_panic` |
//! | `check_classifiers_classes`, `check_decision_proba_consistency`, `check_classifier_multioutput`, `check_classifiers_multilabel_output_format_predict_proba` | `probabilities_are_probabilities` |
//! | `check_classifiers_train` | `separable_classes_are_learnt` |
//! | `check_classifiers_regression_target` | `targets_of_another_kind_are_refused` |
//! | `check_regressors_train`, `check_regressor_multioutput` | `predictions_have_a_row_for_each_row`; the quality of fits is `parity_mlp.rs`'s |
//! | `check_class_weight_classifiers` | `class_weights_are_row_weights` |
//! | `check_non_transformer_estimators_n_iter` | `observers_see_every_epoch` |
//! | `check_pipeline_consistency` | `a_pipeline_without_steps_is_its_estimator` |
//! | `check_estimators_pickle` | `files_bring_back_the_same_model` |
//! | `check_f_contiguous_array_estimator` | `the_order_in_memory_does_not_matter` |
//! | `check_methods_sample_order_invariance` | `order_of_prediction_does_not_matter` |
//! | `check_methods_subset_invariance` | `rows_are_predicted_alone_as_together` |
//! | `check_fit2d_1sample` | `one_row_is_learnt_or_refused` |
//! | `check_fit2d_1feature` | `one_feature_will_do` |
//! | `check_fit_idempotent` | `a_refit_is_equal_to_the_bit` |
//! | `check_param_validation` | `settings_out_of_range_are_named` in `estimators.rs` |
//!
//! Beyond them: constant columns, stop flags, threads, clones, predictions of no rows.
//!
//! Those that have none:
//!
//! | scikit-learn's check | why |
//! | --- | --- |
//! | `check_estimator_tags_renamed`, `check_valid_tag_types`, `check_mixin_order`, `check_positive_only_tag_during_fit`, `check_estimator_sparse_tag` | there are no tags |
//! | `check_no_attributes_set_in_init`, `check_do_not_raise_errors_in_init_or_set_params`, `check_parameters_default_constructible`, `check_get_params_invariance`, `check_set_params` | settings are typed fields behind methods |
//! | `check_fit_score_takes_y`, `check_estimators_fit_returns_self`, `check_estimators_unfitted`, `check_fit_check_is_fitted` | `fit` gives another type, and only that predicts |
//! | `check_sample_weights_pandas_series`, `check_sample_weights_not_an_array`, `check_sample_weights_list`, `check_classifier_data_not_an_array`, `check_regressor_data_not_an_array`, `check_dtype_object`, `check_complex_data`, `check_fit1d`, `check_supervised_y_2d`, `check_regressors_int`, `check_dataframe_column_names_consistency` | the compiler keeps other types and shapes out |
//! | `check_estimator_sparse_array`, `check_estimator_sparse_matrix`, `check_sample_weight_equivalence_on_sparse_data`, `check_sparsify_coefficients` | there are no sparse matrices |
//! | `check_array_api_input` and its kin | there is one array library |
//! | `check_classifiers_multilabel_representation_invariance`, `check_classifiers_multilabel_output_format_predict` | flags have one representation |
//! | `check_classifiers_multilabel_output_format_decision_function`, `check_regressors_no_decision_function` | there is no `decision_function`, but the network's `predict` |
//! | `check_classifier_not_supporting_multiclass`, `check_class_weight_balanced_linear_classifier`, `check_nonsquare_error`, `check_fit_non_negative`, those of clusterers and outlier detectors | there are no such estimators |
//! | `check_transformer_…`, `check_transformers_unfitted`, `check_set_output_…`, `check_inplace_ensure_writeable` | those of transformers, and of pandas |

mod fits;
mod listed;
mod predictions;
mod refusals;
mod weights;

/// Runs each check on every estimator, in both scalar types.
macro_rules! contract {
    ($($file:ident: $($check:ident),+;)+) => {
        contract!(@type f32 $($file: $($check),+;)+);
        contract!(@type f64 $($file: $($check),+;)+);
    };
    (@type $scalar:ident $($file:ident: $($check:ident),+;)+) => {
        mod $scalar {
            $($(
                #[test]
                fn $check() {
                    let estimators = crate::listed::estimators::<$scalar>();
                    estimators.iter().for_each(crate::$file::$check);
                }
            )+)+
        }
    };
}

contract! {
    fits:
        fitting_changes_neither_settings_nor_data,
        a_refit_is_equal_to_the_bit,
        the_order_in_memory_does_not_matter,
        the_number_of_threads_does_not_change_bits,
        a_raised_flag_stops_the_fit,
        observers_see_every_epoch,
        a_pipeline_without_steps_is_its_estimator,
        files_bring_back_the_same_model,
        clones_go_their_own_way;
    predictions:
        predictions_have_a_row_for_each_row,
        order_of_prediction_does_not_matter,
        rows_are_predicted_alone_as_together,
        probabilities_are_probabilities,
        several_threads_predict_at_once;
    refusals:
        what_is_not_finite_is_refused,
        malformed_data_are_refused,
        the_wrong_number_of_features_is_refused,
        targets_of_another_kind_are_refused,
        a_failed_partial_fit_leaves_the_model_as_it_was,
        one_row_is_learnt_or_refused,
        one_feature_will_do,
        a_constant_column_will_do,
        a_single_class_is_no_panic;
    weights:
        weights_are_repeats_and_zero_is_absence;
}
