package io.undercurrent.streams.internals;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An iterator over a RocksDB store that fails at a broken block.
 *
 * <p>RocksDB's own iterator ends there, and its status says why. Kafka Streams' iterator does not
 * ask for the status, so the entries from there on would be missing without a word. No method leads
 * from the one to the other, so this class reads Kafka Streams' private fields.
 */
final class CheckedIterator implements KeyValueIterator<Bytes, byte[]> {

  private static final Logger log = LoggerFactory.getLogger(CheckedIterator.class);

  /** The fields of an iterator's class that may lead to RocksDB's iterator. */
  private static final ClassValue<List<Field>> FIELDS =
      new ClassValue<>() {
        @Override
        protected List<Field> computeValue(Class<?> type) {
          return fields(type);
        }
      };

  private final KeyValueIterator<Bytes, byte[]> entries;
  private final Consumer<ProcessorStateException> failed;
  private final Native status; // null if there is none

  /**
   * @param failed receives the failure before it is thrown
   */
  CheckedIterator(
      KeyValueIterator<Bytes, byte[]> entries, Consumer<ProcessorStateException> failed) {
    this.entries = entries;
    this.failed = failed;
    status = rocksIterator(entries);
  }

  /**
   * RocksDB's iterator.
   *
   * @param owner Kafka Streams' iterator that closes it, under its own monitor
   */
  record Native(Object owner, RocksIterator iterator) {

    /** Fails if the iterator ended at a broken block. Does nothing once it is closed. */
    void check() throws RocksDBException {
      synchronized (owner) {
        if (iterator.isOwningHandle()) {
          iterator.status();
        }
      }
    }
  }

  private static List<Field> fields(Class<?> type) {
    List<Field> fields = new ArrayList<>();
    try {
      for (Class<?> owner = type; owner != null; owner = owner.getSuperclass()) {
        for (Field field : owner.getDeclaredFields()) {
          if (RocksIterator.class.isAssignableFrom(field.getType())
              || KeyValueIterator.class.isAssignableFrom(field.getType())) {
            field.setAccessible(true);
            fields.add(field);
          }
        }
      }
    } catch (RuntimeException e) {
      log.debug("the fields of {} cannot be read", type, e);
    }
    return fields;
  }

  /** RocksDB's iterator inside of Kafka Streams'; null if there is none. */
  static Native rocksIterator(Object iterator) {
    try {
      for (Field field : FIELDS.get(iterator.getClass())) {
        Object inner = field.get(iterator);
        if (inner instanceof RocksIterator found) {
          return new Native(iterator, found);
        }
        Native found = inner == null ? null : rocksIterator(inner);
        if (found != null) {
          return found;
        }
      }
      return null;
    } catch (IllegalAccessException e) {
      return null;
    }
  }

  @Override
  public boolean hasNext() {
    boolean more = entries.hasNext();
    if (!more && status != null) {
      try {
        status.check();
      } catch (RocksDBException e) {
        ProcessorStateException failure =
            new ProcessorStateException("a range of the store cannot be read", e);
        failed.accept(failure);
        throw failure;
      }
    }
    return more;
  }

  @Override
  public KeyValue<Bytes, byte[]> next() {
    return entries.next();
  }

  @Override
  public Bytes peekNextKey() {
    return entries.peekNextKey();
  }

  @Override
  public void close() {
    entries.close();
  }
}
