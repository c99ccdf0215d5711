/**
 * The few numeric kernels everything else is built from: products, activations, softmax, top-k.
 *
 * <p>Shape letters, used throughout the project: B rows in a batch, T time steps, V vocabulary
 * size, E embedding size, H hidden size, C classes; M, N and K are the sizes of one product.
 *
 * <p>{@link io.undercurrent.kernel.PlainKernels} is the definition of every result, to the last
 * bit: each output of a product is one chain of fused multiply-adds with k ascending, each sum over
 * a row is 16 partial sums and a fixed tree. Faster providers ({@code VectorKernels}, {@code
 * BlasKernels}) are taken by {@link io.undercurrent.kernel.Kernels#best()} only where a self-check
 * at start finds the same bits, so a result never depends on the machine, the JDK or the batch it
 * was computed in.
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.kernel;
