/** JMH benchmarks of the kernels and of the shipped model's next-token head, on one thread. */
package io.undercurrent.jmh;
