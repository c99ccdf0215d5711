package io.undercurrent.streams.internals;

import org.apache.kafka.streams.errors.ProcessorStateException;

/** Says that a store's files are broken, and are not deleted and restored any more. */
public final class BrokenStoreException extends ProcessorStateException {

  private static final long serialVersionUID = 1L;

  BrokenStoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
