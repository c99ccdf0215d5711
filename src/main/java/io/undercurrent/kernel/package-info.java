/**
 * The few numeric kernels that everything else is built from: products, activations, exponentials
 * and maxima.
 *
 * <p>Shape letters, used throughout the project: B rows in a batch, T time steps, V vocabulary
 * size, E embedding size, H hidden size, C classes; M, N and K are the sizes of one product.
 *
 * <p>{@link io.undercurrent.kernel.PlainKernels} defines every result to the last bit. Each output
 * of a product is one chain of fused multiply-adds with k ascending. Each sum over a row is 16
 * partial sums that are added in a fixed tree. {@link io.undercurrent.kernel.Kernels#best()}
 * returns a faster provider ({@code VectorKernels}) only if a self-check at start finds the same
 * bits. So a result never depends on the machine, the JDK or the size of its batch.
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.kernel;
