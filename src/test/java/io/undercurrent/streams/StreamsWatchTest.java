package io.undercurrent.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Constructor;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the watch finds out on a running cluster is tested by {@code HealthIT}. */
class StreamsWatchTest {

  private static final Node NODE = new Node(1, "localhost", 9092);
  private static final String GONE = "topic in does not exist any more";

  private final Brokers brokers = new Brokers();
  private final Map<String, Double> done = new HashMap<>(Map.of("thread-1", 1.0, "thread-2", 1.0));
  private final Set<String> hanging = new HashSet<>(); // threads without progress
  private State state = State.RUNNING;
  private final StreamsWatch watch =
      new StreamsWatch(
          brokers.admin(),
          "broker:9092",
          List.of("in", "out"),
          () -> state,
          () -> done,
          new OpenTransactions(brokers.admin(), "broker:9092", Set::of),
          5);

  @AfterEach
  void close() {
    watch.close();
  }

  @Test
  void shouldNameThePartitionsThatHaveNoLeader() {
    TopicDescription topic =
        new TopicDescription("in", false, List.of(partition(0, NODE), partition(1, null)));
    assertThat(StreamsWatch.withoutLeader(topic)).containsExactly("partition in-1 has no leader");
  }

  @Test
  void shouldCallTheBrokersUnreachableAfterTwoQuestionsWithoutAnAnswer() {
    rounds(1);
    for (RuntimeException none : List.of(new TimeoutException(), new DisconnectException())) {
      brokers.failure = none;
      rounds(1);
      assertThat(watch.problem()).isNull();
      assertThat(watch.brokersAnswer()).as("one slow answer").isTrue();
      assertThat(watch.secondsUnreachable()).isZero();

      rounds(1);
      assertThat(watch.problem())
          .startsWith("brokers unreachable since ")
          .endsWith(": none answers at broker:9092");
      assertThat(watch.brokersAnswer()).isFalse();
      assertThat(watch.secondsUnreachable()).isGreaterThanOrEqualTo(1);

      brokers.failure = null;
      rounds(1);
      assertThat(watch.problem()).isNull();
      assertThat(watch.brokersAnswer()).isTrue();
      assertThat(watch.secondsUnreachable()).isZero();
    }
  }

  @Test
  void shouldNotAddUpQuestionsWithoutAnAnswerThatDoNotFollowEachOther() {
    for (int i = 0; i < 5; i++) {
      brokers.failure = new TimeoutException();
      rounds(1);
      brokers.failure = null;
      rounds(1);
      assertThat(watch.problem()).isNull();
    }
  }

  @Test
  void shouldSayWhyTheBrokersRefuseAndNotCallThemUnreachable() {
    rounds(1);
    for (RuntimeException refusal :
        List.of(
            new SaslAuthenticationException("wrong password"),
            new ClusterAuthorizationException("no right"),
            new UnsupportedVersionException("too old"))) {
      brokers.failure = refusal;
      rounds(1);
      assertThat(watch.problem()).as("once").isNull();
      rounds(1);
      assertThat(watch.problem()).isEqualTo("the brokers refuse: " + refusal.getMessage());
      assertThat(watch.brokersAnswer()).isTrue();
      assertThat(watch.secondsUnreachable()).isZero();

      brokers.failure = null;
      rounds(1);
      assertThat(watch.problem()).isNull();
    }
  }

  @Test
  void shouldSayThatATopicIsGoneOnceTwoAnswersSaySo() {
    rounds(1);
    brokers.topics.put("in", new UnknownTopicOrPartitionException());
    int rounds = roundsUntilAsked();
    assertThat(rounds).isLessThanOrEqualTo(4);
    assertThat(watch.problem()).isNull();
    rounds(1); // it asks again at once
    assertThat(watch.problem()).isEqualTo(GONE);

    brokers.failure = new TimeoutException();
    rounds(1);
    assertThat(watch.problem()).as("one slow answer").isEqualTo(GONE);

    brokers.failure = null;
    brokers.topics.remove("in");
    rounds(1);
    assertThat(watch.problem()).isNull();
  }

  @Test
  void shouldKeepQuietAboutALeaderThatIsElectedWithinMoments() {
    rounds(1);
    brokers.topics.put("in", List.of(partition(0, null)));
    roundsUntilAsked();
    brokers.topics.put("in", List.of(partition(0, NODE), partition(1, null)));
    rounds(1);
    assertThat(watch.problem()).as("another partition").isNull();
    rounds(1);
    assertThat(watch.problem()).isEqualTo("partition in-1 has no leader");
  }

  @Test
  void shouldNotReportATopicThatNeverExisted() {
    brokers.topics.put("in", new UnknownTopicOrPartitionException());
    rounds(20);
    assertThat(watch.problem()).isNull();
  }

  @Test
  void shouldNotTakeALostRightForADeletedTopic() {
    rounds(1);
    brokers.topics.put("in", new TopicAuthorizationException("in"));
    rounds(20);
    assertThat(watch.problem()).isNull();

    brokers.topics.put("in", new UnknownTopicOrPartitionException());
    rounds(20);
    assertThat(watch.problem()).as("it may never have existed").isNull();
  }

  @Test
  void shouldAskAboutTheTopicsInEveryFourthRound() {
    rounds(13);
    assertThat(brokers.asked).isEqualTo(Map.of("describeCluster", 13, "describeTopics", 4));
  }

  @Test
  void shouldCountTheThreadsThatMadeNoProgressForFiveRounds() {
    rounds(1);
    hanging.add("thread-2");
    for (int i = 0; i < 5; i++) {
      assertThat(watch.stuckThreads()).isZero();
      rounds(1);
    }
    assertThat(watch.stuckThreads()).isEqualTo(1);
    assertThat(watch.problem())
        .isEqualTo(
            "1 of 2 stream threads are stuck: no poll, no record and no commit for at least 15 s");

    hanging.clear();
    rounds(1);
    assertThat(watch.stuckThreads()).isZero();
    assertThat(watch.problem()).isNull();
  }

  @Test
  void shouldForgetThreadsThatEndedOrAreNotRunning() {
    hanging.addAll(done.keySet());
    rounds(6);
    assertThat(watch.stuckThreads()).isEqualTo(2);
    done.remove("thread-1");
    rounds(1);
    assertThat(watch.stuckThreads()).isEqualTo(1);
    state = State.REBALANCING;
    rounds(1);
    assertThat(watch.stuckThreads()).isZero();
    state = State.RUNNING;
    rounds(5);
    assertThat(watch.stuckThreads()).as("it counts from the start again").isZero();
  }

  @ParameterizedTest
  @ValueSource(classes = {NoClassDefFoundError.class, IllegalStateException.class})
  void shouldTakeAnErrorForNoAnswerAndGoOn(Class<? extends Throwable> error) throws Exception {
    rounds(1);
    hanging.addAll(done.keySet());
    brokers.thrown = error.getDeclaredConstructor().newInstance();
    rounds(5);
    assertThat(watch.problem()).startsWith("brokers unreachable since ");
    assertThat(watch.stuckThreads()).as("it counts them all the same").isEqualTo(2);

    brokers.thrown = null;
    hanging.clear();
    rounds(1);
    assertThat(watch.problem()).isNull();
  }

  @Test
  void shouldReportTheBrokersEvenIfTheThreadsCannotBeCounted() {
    StreamsWatch failing =
        new StreamsWatch(
            brokers.admin(),
            "broker:9092",
            List.of(),
            () -> State.RUNNING,
            () -> {
              throw new NoClassDefFoundError("for this test");
            },
            new OpenTransactions(brokers.admin(), "broker:9092", Set::of),
            5);
    try (failing) {
      brokers.failure = new TimeoutException();
      failing.round();
      failing.round();
      assertThat(failing.problem()).startsWith("brokers unreachable since ");
    }
  }

  @Test
  void shouldBlameNobodyOnceClosed() {
    rounds(1);
    hanging.addAll(done.keySet());
    watch.close();
    assertThat(brokers.closed).isEqualTo(1);
    brokers.failure = new TimeoutException();
    rounds(2);
    brokers.thrown = new IllegalStateException("the client is closed");
    rounds(6);
    assertThat(watch.problem()).isNull();
    assertThat(watch.brokersAnswer()).isTrue();
    assertThat(watch.stuckThreads()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"NOT_RUNNING", "ERROR"})
  void shouldCloseItselfOnceKafkaStreamsHasEnded(String ended) {
    rounds(1);
    state = State.valueOf(ended);
    rounds(1);
    assertThat(brokers.closed).isEqualTo(1);
    assertThat(brokers.asked).containsEntry("describeCluster", 1);
  }

  private void rounds(int count) {
    for (int i = 0; i < count; i++) {
      done.replaceAll((thread, before) -> hanging.contains(thread) ? before : before + 1);
      watch.round();
    }
  }

  private int roundsUntilAsked() {
    int before = brokers.asked.get("describeTopics");
    int rounds = 0;
    while (brokers.asked.get("describeTopics") == before && rounds < 100) {
      rounds(1);
      rounds++;
    }
    return rounds;
  }

  private static TopicPartitionInfo partition(int number, Node leader) {
    return new TopicPartitionInfo(number, leader, List.of(NODE), List.of(NODE));
  }

  /** What the admin client says. */
  private static final class Brokers {

    private final Map<String, Integer> asked = new LinkedHashMap<>();
    private final Map<String, Object> topics = new HashMap<>(); // a failure, or partitions
    private RuntimeException failure; // to all questions
    private Throwable thrown; // instead of an answer
    private int closed;

    private Admin admin() {
      return (Admin)
          Proxy.newProxyInstance(
              Admin.class.getClassLoader(),
              new Class<?>[] {Admin.class},
              (proxy, method, arguments) ->
                  method.getName().equals("close")
                      ? ++closed
                      : answer(method.getName(), arguments[0]));
    }

    private Object answer(String question, Object argument) throws Throwable {
      asked.merge(question, 1, Integer::sum);
      if (thrown != null) {
        throw thrown;
      }
      return switch (question) {
        case "describeCluster" -> cluster();
        case "describeTopics" -> topics((Collection<?>) argument);
        default -> throw new UnsupportedOperationException(question);
      };
    }

    private DescribeClusterResult cluster() throws Exception {
      Constructor<?> constructor = DescribeClusterResult.class.getDeclaredConstructors()[0];
      constructor.setAccessible(true);
      KafkaFuture<String> id =
          failure == null ? KafkaFuture.completedFuture("id") : failed(failure);
      return (DescribeClusterResult) constructor.newInstance(null, null, id, null);
    }

    private DescribeTopicsResult topics(Collection<?> names) {
      Map<String, KafkaFuture<TopicDescription>> described = new HashMap<>();
      for (Object name : names) {
        described.put((String) name, topic((String) name));
      }
      return new DescribeTopicsResult(null, described) {};
    }

    private KafkaFuture<TopicDescription> topic(String name) {
      Object found = topics.getOrDefault(name, List.of(partition(0, NODE)));
      if (found instanceof RuntimeException refused) {
        return failed(refused);
      }
      List<TopicPartitionInfo> partitions = new ArrayList<>();
      ((List<?>) found).forEach(each -> partitions.add((TopicPartitionInfo) each));
      return KafkaFuture.completedFuture(new TopicDescription(name, false, partitions));
    }

    private static <T> KafkaFuture<T> failed(Throwable failure) {
      KafkaFutureImpl<T> future = new KafkaFutureImpl<>();
      future.completeExceptionally(failure);
      return future;
    }
  }

  /** Consumers of an at-least-once application read on behind an open transaction. */
  @ParameterizedTest
  @CsvSource({"exactly_once_v2, true", "at_least_once, false"})
  void shouldLookForTransactionsOnlyIfConsumersWaitForThem(String guarantee, boolean waits) {
    StreamsConfig config =
        new StreamsConfig(
            Map.of(
                "application.id", "a",
                "bootstrap.servers", "localhost:1",
                "processing.guarantee", guarantee));

    assertThat(StreamsWatch.waitsForTransactions(config)).isEqualTo(waits);
  }
}
