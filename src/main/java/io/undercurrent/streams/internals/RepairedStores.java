package io.undercurrent.streams.internals;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Supplies RocksDB stores that start again, empty, if their files are broken, so that Kafka Streams
 * restores them from their changelogs. Otherwise such files would end the application at each
 * start.
 *
 * <p>Files that cannot be opened are deleted, and a new store is opened. If a write fails, the task
 * is started again, see {@link BrokenFiles#startAgain}. A failed read is left to the caller,
 * because any thread may read.
 */
public final class RepairedStores extends ProxiedStores {

  private final Repairs repairs;

  /** Wraps the stores of another supplier. */
  public RepairedStores(KeyValueBytesStoreSupplier stores, Repairs repairs) {
    super(stores);
    this.repairs = repairs;
  }

  @Override
  InvocationHandler handler(KeyValueBytesStoreSupplier stores) {
    return new Repaired(stores);
  }

  /** Passes the calls of one store on. */
  private final class Repaired implements InvocationHandler {

    private final KeyValueBytesStoreSupplier stores;
    private volatile KeyValueStore<Bytes, byte[]> store;
    private volatile BrokenFiles files; // null before init

    Repaired(KeyValueBytesStoreSupplier stores) {
      this.stores = stores;
      store = stores.get();
    }

    @Override
    @SuppressWarnings("unchecked") // all iterators of a store have these types
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      switch (method.getName()) {
        case "init" -> {
          StateStoreContext context = (StateStoreContext) arguments[0];
          files = new BrokenFiles(context.taskId(), context.stateDir().toPath(), name(), repairs);
          init(method, arguments);
          return null;
        }
        case "put", "putAll", "putIfAbsent", "delete", "commit", "flush" -> {
          try {
            return call(store, method, arguments);
          } catch (ProcessorStateException e) {
            throw files.after(e);
          }
        }
        case "equals" -> {
          return proxy == arguments[0];
        }
        default -> {
          try {
            Object result = call(store, method, arguments);
            return result instanceof KeyValueIterator
                ? new CheckedIterator((KeyValueIterator<Bytes, byte[]>) result, files::noticed)
                : result;
          } catch (ProcessorStateException e) {
            if (files != null) {
              files.noticed(e);
            }
            throw e;
          }
        }
      }
    }

    private void init(Method method, Object[] arguments) throws Throwable {
      files.deleteIfCondemned();
      try {
        call(store, method, arguments);
      } catch (ProcessorStateException e) {
        files.deleteAfter(e);
        store = stores.get();
        call(store, method, arguments);
      }
    }
  }
}
