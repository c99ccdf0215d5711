package io.undercurrent.streams.internals;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Supplies stores whose uncommitted bytes any thread can ask for.
 *
 * <p>Kafka Streams 4.4 buffers the writes of a transactional store in native memory and has a gauge
 * of its size. The thread that reads meters and JMX call this gauge while the store's own thread
 * commits or closes the store, and both free that memory: the JVM then ends with SIGSEGV in {@code
 * WriteBatch.getDataSize}. So a store of this class asks Kafka for the size only on the thread that
 * owns the store, and gives other threads the last size that this thread has seen. Kafka Streams
 * itself asks after each round of records, to limit the uncommitted bytes. It does not ask for
 * standby and restoring stores, so their gauges stay as they were.
 */
public final class OwnedStores extends ProxiedStores {

  /** Wraps the stores of another supplier. */
  public OwnedStores(KeyValueBytesStoreSupplier stores) {
    super(stores);
  }

  @Override
  InvocationHandler handler(KeyValueBytesStoreSupplier stores) {
    return new Owned(stores.get());
  }

  /** Passes the calls of one store on. */
  private static final class Owned implements InvocationHandler {

    private final KeyValueStore<Bytes, byte[]> store;
    private volatile Thread owner; // the last thread that initialised, changed or committed it
    private volatile long uncommittedBytes; // as of the owner's last call

    Owned(KeyValueStore<Bytes, byte[]> store) {
      this.store = store;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      switch (method.getName()) {
        case "init", "put", "putAll", "putIfAbsent", "delete", "commit" ->
            owner = Thread.currentThread();
        case "approximateNumUncommittedBytes" -> {
          if (Thread.currentThread() != owner) {
            return uncommittedBytes;
          }
          uncommittedBytes = (Long) call(store, method, arguments);
          return uncommittedBytes;
        }
        case "close" -> {
          owner = null;
          uncommittedBytes = 0;
        }
        case "equals" -> {
          return proxy == arguments[0];
        }
        default -> {
          // readers, from any thread
        }
      }
      return call(store, method, arguments);
    }
  }
}
