/**
 * Training and evaluation. Their results are checkpoints, and nothing else connects them to
 * serving.
 *
 * <ul>
 *   <li>A {@link io.undercurrent.train.Recipe} says what to train. {@code RecipeKeys} defines its
 *       keys, {@code RecipeReader} reads it.
 *   <li>{@code Corpus} reads a source, {@code TrainingData} encodes all of them, {@code
 *       PackedStreams} cuts them into chunks.
 *   <li>{@link io.undercurrent.train.Trainer} runs the stages of a recipe, {@code StageTraining}
 *       the epochs of one stage, {@code Bptt} the forward and backward pass of a chunk through
 *       {@code RecurrentLayer}, {@code SentimentLoss} and {@code NextTokenLoss}. The forward passes
 *       are held to those of serving by {@code ServedForwardTest}.
 *   <li>{@code RunFolder} and {@code Curves} are a run on disk.
 *   <li>{@link io.undercurrent.train.Evaluation} scores a model and its baselines, {@link
 *       io.undercurrent.train.Suites} a model on sentences that come with the program.
 *   <li>{@link io.undercurrent.train.Diagnosis} shows vanishing and exploding gradients.
 * </ul>
 */
package io.undercurrent.train;
