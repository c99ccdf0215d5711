package io.undercurrent.app.checks;

import org.rocksdb.RocksDB;

/**
 * Whether the library of the state stores can be loaded. RocksDB unpacks it into the folder of
 * temporary files, which must be writable and must permit execution.
 */
final class NativeLibraryCheck implements Check {

  private final Runnable load;

  NativeLibraryCheck() {
    this(RocksDB::loadLibrary);
  }

  NativeLibraryCheck(Runnable load) {
    this.load = load;
  }

  @Override
  public String name() {
    return "temporary files";
  }

  @Override
  public Finding look() {
    String folder = System.getenv().getOrDefault("ROCKSDB_SHAREDLIB_DIR", temporary());
    try {
      load.run();
      return ok("RocksDB was unpacked into %s and loaded".formatted(folder));
    } catch (RuntimeException | LinkageError e) {
      return failed(
          "RocksDB cannot be unpacked into %s and loaded: %s".formatted(folder, reason(e)),
          "that folder must be writable and must not be mounted with noexec: set another one with"
              + " -Djava.io.tmpdir=FOLDER in UNDERCURRENT_JAVA_OPTS");
    }
  }

  private static String temporary() {
    return System.getProperty("java.io.tmpdir");
  }

  private static String reason(Throwable failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse(cause.toString());
  }
}
