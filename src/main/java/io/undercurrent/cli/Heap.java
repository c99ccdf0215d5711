package io.undercurrent.cli;

import io.undercurrent.app.AppException;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Tensor;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.StreamsConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How much heap a command needs. So too small a heap is found at start, and not by an error that
 * comes anywhere.
 */
final class Heap {

  private static final Logger log = LoggerFactory.getLogger(Heap.class);

  /** What the program itself holds while it loads a model. */
  private static final long PROGRAM = 16L << 20;

  /** The same in an app, with Kafka's clients, HTTP and batches in progress. Measured: 51 MB. */
  private static final long APP = 56L << 20;

  private Heap() {}

  /**
   * Loads a model.
   *
   * @throws AppException if the heap is too small for it
   */
  static Model load(String location) {
    ModelConfig model = Checkpoint.readConfig(location);
    require(location, model, withYoung(bytes(model) + PROGRAM));
    return Checkpoint.load(location);
  }

  /**
   * Loads a model for an app. Warns if the heap is smaller than what the app needs under load.
   *
   * @throws AppException if the heap is too small for the model alone
   */
  static Model load(String location, UndercurrentConfig config) {
    ModelConfig model = Checkpoint.readConfig(location);
    StreamsConfig streams = streams(config);
    long network = bytes(model);
    long cache = streams.getLong(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG);
    long uncommitted =
        Math.max(0, streams.getLong(StreamsConfig.STATESTORE_UNCOMMITTED_MAX_BYTES_CONFIG));
    long needed = withYoung(network + cache + APP) + uncommitted;
    require(location, model, needed);
    if (max() < needed) {
      log.warn(
          "the heap of {} MB is small. Under load {} MB are needed: {} for the model, {} for"
              + " statestore.cache.max.bytes, {} for the program, half as much again to collect"
              + " garbage, and {} for statestore.uncommitted.max.bytes. Set"
              + " UNDERCURRENT_JAVA_OPTS=-Xmx{}m",
          mebibytes(max()),
          mebibytes(needed),
          mebibytes(network),
          mebibytes(cache),
          mebibytes(APP),
          mebibytes(uncommitted),
          rounded(needed));
    }
    return Checkpoint.load(location);
  }

  private static StreamsConfig streams(UndercurrentConfig config) {
    try {
      return new StreamsConfig(config.streams(Map.of()));
    } catch (ConfigException e) {
      throw new AppException("settings for Kafka Streams: " + e.getMessage(), e);
    }
  }

  /**
   * @param needed what the message asks for
   */
  private static void require(String location, ModelConfig model, long needed) {
    if (largestPool() < bytes(model) + PROGRAM) {
      throw new AppException(
          "the model %s needs a heap of %d MB, found %d MB: set UNDERCURRENT_JAVA_OPTS=-Xmx%dm"
              .formatted(location, mebibytes(needed), mebibytes(max()), rounded(needed)));
    }
  }

  /** What to set, in MiB. */
  private static long rounded(long bytes) {
    return (mebibytes(bytes) + 63) / 64 * 64;
  }

  /** The parameters, and the products of all tokens' embeddings that a network keeps. */
  static long bytes(ModelConfig config) {
    long floats = config.tensors().stream().mapToLong(Tensor::size).sum();
    floats += (long) config.vocabSize() * config.gateRows(0) * config.window();
    return floats * Float.BYTES;
  }

  /** Collectors by generation keep a third of the heap for young objects. */
  private static long withYoung(long bytes) {
    return bytes + bytes / 2;
  }

  /** The part of the heap for old objects: a model is larger than what the other parts have. */
  private static long largestPool() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .mapToLong(pool -> pool.getUsage().getMax())
        .max()
        .orElseThrow();
  }

  /** The size that the heap may have. */
  static long max() {
    return Runtime.getRuntime().maxMemory();
  }

  static long mebibytes(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }
}
