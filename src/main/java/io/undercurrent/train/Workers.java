package io.undercurrent.train;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/** A fixed number of daemon threads. All methods wait until the work is done. */
final class Workers implements AutoCloseable {

  private final int threads;
  private final ExecutorService executor;

  Workers(int threads) {
    this.threads = threads;
    executor =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "trainer");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Work on the elements [from, to). */
  interface Range {
    void run(int worker, int from, int to);
  }

  /** Runs {@code work} once on every worker, in parallel. */
  void each(IntConsumer work) {
    List<Callable<Void>> tasks = new ArrayList<>();
    for (int w = 0; w < threads; w++) {
      int worker = w;
      tasks.add(
          () -> {
            work.accept(worker);
            return null;
          });
    }
    try {
      for (Future<Void> future : executor.invokeAll(tasks)) {
        future.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("training was interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a worker failed: " + e.getCause(), e.getCause());
    }
  }

  /** Runs tasks; task i runs on worker i modulo the number of workers. */
  void all(List<Runnable> tasks) {
    each(
        w -> {
          for (int i = w; i < tasks.size(); i += threads) {
            tasks.get(i).run();
          }
        });
  }

  /** Divides n elements into one range for each worker. */
  void ranges(int n, Range work) {
    each(w -> work.run(w, (int) ((long) n * w / threads), (int) ((long) n * (w + 1) / threads)));
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
