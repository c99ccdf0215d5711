package io.undercurrent.streams.internals;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Supplies the stores of another supplier behind proxies. A class that implements the interface
 * would hide the methods that a later version of Kafka adds to it.
 */
abstract class ProxiedStores implements KeyValueBytesStoreSupplier {

  private final KeyValueBytesStoreSupplier stores;

  ProxiedStores(KeyValueBytesStoreSupplier stores) {
    this.stores = stores;
  }

  /** Receives the calls of one new store. */
  abstract InvocationHandler handler(KeyValueBytesStoreSupplier stores);

  @Override
  public final String name() {
    return stores.name();
  }

  @Override
  public final String metricsScope() {
    return stores.metricsScope();
  }

  @Override
  @SuppressWarnings("unchecked") // the proxy passes all calls on to such a store
  public final KeyValueStore<Bytes, byte[]> get() {
    return (KeyValueStore<Bytes, byte[]>)
        Proxy.newProxyInstance(
            KeyValueStore.class.getClassLoader(),
            new Class<?>[] {KeyValueStore.class},
            handler(stores));
  }

  /** Passes a call on to a store. */
  static Object call(KeyValueStore<Bytes, byte[]> store, Method method, Object[] arguments)
      throws Throwable {
    try {
      return method.invoke(store, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
