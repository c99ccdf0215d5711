package io.undercurrent.app.checks;

import io.undercurrent.app.AppException;
import io.undercurrent.app.InternalTopics;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the checks. A check that depends on a failed one is not made; all others are. */
public final class Doctor {

  private static final Logger log = LoggerFactory.getLogger(Doctor.class);

  private final Subject subject;

  public Doctor(Subject subject) {
    this.subject = subject;
  }

  /**
   * Checks what needs no broker.
   *
   * @param each is told of each finding as soon as it is known
   */
  public List<Finding> machine(Consumer<Finding> each) {
    List<Finding> findings = new ArrayList<>();
    for (Check check :
        List.of(new StateFolderCheck(subject), new NativeLibraryCheck(), new DiskCheck(subject))) {
      add(look(check), findings, each);
    }
    return findings;
  }

  /**
   * Checks the cluster, with the settings that the application has.
   *
   * @param each is told of each finding as soon as it is known
   */
  public List<Finding> cluster(Consumer<Finding> each) {
    List<Finding> findings = new ArrayList<>();
    try (Cluster cluster = new Cluster(subject)) {
      Finding brokers = look(new BrokersCheck(cluster));
      add(brokers, findings, each);
      for (Check check : checks(cluster)) {
        Finding finding =
            brokers.isFailure()
                ? check.unknown("the brokers could not be asked", "see the failure of brokers")
                : look(check);
        add(finding, findings, each);
      }
    }
    return findings;
  }

  private List<Check> checks(Cluster cluster) {
    List<Check> checks = new ArrayList<>();
    for (String topic : subject.definition().topics()) {
      checks.add(TopicCheck.ofSource(cluster, topic));
    }
    checks.add(TopicCheck.ofEnriched(cluster, subject.definition().enriched()));
    checks.add(TopicCheck.ofDeadLetters(cluster, subject.definition().deadLetters()));
    for (String topic : subject.internalTopics()) {
      checks.add(TopicCheck.ofInternal(cluster, topic));
    }
    checks.add(TopicCheck.ofInternal(cluster, InternalTopics.settings(subject.applicationId())));
    checks.add(new CompactionCheck(cluster));
    if (!subject.addPartitions()) {
      checks.add(new PartitionsCheck(cluster));
    }
    checks.add(new GroupRightCheck(cluster));
    checks.add(new GroupUseCheck(cluster));
    if (subject.usesTransactions()) {
      checks.add(new TransactionCheck(cluster));
    }
    return checks;
  }

  private static void add(Finding finding, List<Finding> findings, Consumer<Finding> each) {
    findings.add(finding);
    each.accept(finding);
  }

  /** One check that fails in an unforeseen way must not hide the others. */
  public static Finding look(Check check) {
    try {
      return check.look();
    } catch (AppException e) {
      return check.failed(e.getMessage(), "");
    } catch (RuntimeException e) {
      log.debug("check {} failed", check.name(), e);
      return check.unknown(AppException.oneLine(e), "see the log with DEBUG for io.undercurrent");
    }
  }
}
