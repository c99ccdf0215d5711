package io.undercurrent.train;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/** A fixed number of daemon threads that share each piece of work. */
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

  /** What is done with elements [from, to), by worker w. */
  interface Range {
    void run(int worker, int from, int to);
  }

  /** Runs {@code work} for every worker at once and waits for all. */
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

  /** Runs tasks, dealt out in turn. */
  void all(List<Runnable> tasks) {
    each(
        w -> {
          for (int i = w; i < tasks.size(); i += threads) {
            tasks.get(i).run();
          }
        });
  }

  /** Cuts n elements into one range for every worker. */
  void ranges(int n, Range work) {
    each(w -> work.run(w, (int) ((long) n * w / threads), (int) ((long) n * (w + 1) / threads)));
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
