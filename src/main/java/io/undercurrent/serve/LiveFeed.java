package io.undercurrent.serve;

import io.undercurrent.app.EnrichedTopic;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.KeyEncoding;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The last records that the application enriched, on all of its instances: the committed records of
 * the enriched topic, in bounded memory.
 *
 * <p>The topic is followed only while somebody views it, and for a minute after. So a cluster pays
 * nothing while no page is open, and a page that is reloaded finds its records. Following begins
 * {@value #LOOK_BACK} records before the end, so that a page shows something at once.
 *
 * <p>It keeps the last {@value #KEPT} records, but at most {@value #KEPT_CHARS} chars of text and
 * keys: at most about 15 MB of heap. Thread-safe.
 */
final class LiveFeed implements AutoCloseable {

  static final int LOOK_BACK = 2_000;
  static final int KEPT = 5_000;
  static final int KEPT_CHARS = 2_000_000;
  private static final long UNUSED_NANOS = 60_000_000_000L;
  private static final long CATCH_UP_MS = 3_000;

  private final EnrichedTopic.Opener opener;
  private final KeyEncoding keyEncoding;
  private final Set<Viewer> viewers = new HashSet<>();
  private final Deque<LiveRecord> kept = new ArrayDeque<>();
  private final Map<KeyText, Deque<LiveRecord>> byKey = new HashMap<>();
  private final Rate rate = new Rate();

  private EnrichedTopic topic; // null while it is not followed
  private int generation; // counts openings of the topic; each numbers its events from 1
  private long keptChars;
  private long number;
  private long records;
  private long usedNanos;
  private boolean closed;

  /** Part of each event's id: tells a viewer who reconnects whether it is the same feed. */
  private final String name = Long.toString(System.nanoTime(), Character.MAX_RADIX);

  /**
   * @param keyEncoding of the topic's keys, as its records write them
   */
  public LiveFeed(EnrichedTopic.Opener opener, KeyEncoding keyEncoding) {
    this.opener = opener;
    this.keyEncoding = keyEncoding;
  }

  /**
   * The feed's figures.
   *
   * @param records seen since following began, the earlier ones included
   * @param perSecond over the last ten seconds
   */
  record Status(long records, int conversations, double perSecond, int viewers) {}

  /** Opens the topic if it is not followed; called with the lock held. */
  private void startFollowing() {
    usedNanos = System.nanoTime();
    if (topic != null || closed) {
      return;
    }
    generation++;
    number = 0;
    records = 0;
    kept.clear();
    byKey.clear();
    keptChars = 0;
    int opened = generation;
    topic = opener.open(LOOK_BACK, (key, record) -> add(opened, key, record));
  }

  private synchronized void add(int opened, byte[] key, EnrichedRecord record) {
    if (opened != generation || topic == null) {
      return; // from a topic that has been closed
    }
    if (viewers.isEmpty() && System.nanoTime() - usedNanos > UNUSED_NANOS) {
      stopFollowing();
      return;
    }
    if (key == null && record == null) {
      return; // a tombstone without a key
    }
    LiveRecord event =
        record == null
            ? new LiveRecord(++number, KeyText.of(key, keyEncoding), null)
            : LiveRecord.of(++number, record);
    if (event.record() == null) {
      byKey.remove(event.key());
      kept.removeIf(of -> of.key().equals(event.key()));
      keptChars = kept.stream().mapToLong(LiveFeed::chars).sum();
    } else {
      records++;
      rate.count();
    }
    keep(event);
    viewers.forEach(viewer -> viewer.offer(event));
  }

  private void keep(LiveRecord event) {
    kept.add(event);
    if (event.record() != null) {
      byKey.computeIfAbsent(event.key(), k -> new ArrayDeque<>()).add(event);
    }
    keptChars += chars(event);
    while (kept.size() > KEPT || keptChars > KEPT_CHARS && kept.size() > 1) {
      LiveRecord oldest = kept.remove();
      keptChars -= chars(oldest);
      Deque<LiveRecord> ofKey = byKey.get(oldest.key());
      if (ofKey != null && ofKey.peek() == oldest) {
        ofKey.remove();
        if (ofKey.isEmpty()) {
          byKey.remove(oldest.key());
        }
      }
    }
  }

  private static long chars(LiveRecord event) {
    return event.key().text().length()
        + (event.record() == null ? 0 : event.record().text().length());
  }

  /**
   * The last records of a key, oldest first. Waits up to 3 seconds for the topic's end to be
   * reached if the topic was not followed before, unless it cannot be followed: see {@link
   * #problem}.
   */
  List<EnrichedRecord> last(KeyText key, int max) {
    synchronized (this) {
      startFollowing();
    }
    awaitCaughtUp();
    synchronized (this) {
      Deque<LiveRecord> found = byKey.getOrDefault(key, new ArrayDeque<>());
      return found.stream().skip(Math.max(0, found.size() - max)).map(LiveRecord::record).toList();
    }
  }

  private void awaitCaughtUp() {
    long deadline = System.nanoTime() + CATCH_UP_MS * 1_000_000;
    try {
      while (!caughtUp() && System.nanoTime() < deadline) {
        Thread.sleep(20);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean caughtUp() {
    return closed || topic != null && (topic.caughtUp() || topic.problem().isPresent());
  }

  /**
   * Why the topic cannot be followed, and what to do; empty if it can, or if nobody has asked for
   * it.
   */
  synchronized Optional<String> problem() {
    return topic == null ? Optional.empty() : topic.problem();
  }

  /**
   * Adds a viewer. Waits up to 3 seconds for the topic's end to be reached if the topic was not
   * followed before.
   *
   * @param lastEventId id of the last event that the viewer has; null or another text for none
   */
  Viewer view(String lastEventId) {
    synchronized (this) {
      startFollowing();
    }
    awaitCaughtUp();
    synchronized (this) {
      long seen = seen(lastEventId);
      Viewer viewer = new Viewer(this, seen >= 0);
      viewers.add(viewer);
      int skip =
          Math.max(0, kept.size() - Viewer.QUEUE); // older records are not counted as left out
      kept.stream().skip(skip).filter(e -> e.number() > Math.max(0, seen)).forEach(viewer::offer);
      return viewer;
    }
  }

  /** Number of the last event that a returning viewer has; -1 if it cannot continue there. */
  private long seen(String lastEventId) {
    String prefix = name + "-" + generation + "-";
    if (lastEventId == null || !lastEventId.startsWith(prefix)) {
      return -1;
    }
    try {
      long seen = Long.parseLong(lastEventId.substring(prefix.length()));
      long first = kept.isEmpty() ? number + 1 : kept.peek().number();
      return seen >= 0 && seen <= number && seen + 1 >= first ? seen : -1;
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  synchronized String id(LiveRecord event) {
    return name + "-" + generation + "-" + event.number();
  }

  synchronized void leave(Viewer viewer) {
    viewers.remove(viewer);
    usedNanos = System.nanoTime();
  }

  synchronized Status status() {
    return new Status(records, byKey.size(), rate.perSecond(), viewers.size());
  }

  synchronized boolean isClosed() {
    return closed;
  }

  /** Called with the lock held. */
  private void stopFollowing() {
    if (topic != null) {
      topic.close();
      topic = null;
    }
  }

  /** Stops following and ends all viewers' streams. */
  @Override
  public synchronized void close() {
    closed = true;
    stopFollowing();
    List.copyOf(viewers).forEach(Viewer::wake);
  }

  /** Events a second over the last ten. */
  private static final class Rate {
    private static final int SECONDS = 10;
    private final long[] counts = new long[SECONDS + 1]; // the last counts the current second
    private long second = now();

    private static long now() {
      return System.nanoTime() / 1_000_000_000;
    }

    private void advance() {
      long now = now();
      for (long i = Math.max(second + 1, now - SECONDS); i <= now; i++) {
        counts[Math.floorMod(i, counts.length)] = 0;
      }
      second = now;
    }

    void count() {
      advance();
      counts[Math.floorMod(second, counts.length)]++;
    }

    double perSecond() {
      advance();
      long sum = 0;
      for (int i = 1; i <= SECONDS; i++) {
        sum += counts[Math.floorMod(second - i, counts.length)];
      }
      return (double) sum / SECONDS;
    }
  }

  /** The feed's keys and how many records of each are kept; for tests. */
  synchronized List<KeyText> keys() {
    return new ArrayList<>(byKey.keySet());
  }
}
