package io.undercurrent.cli;

import io.undercurrent.app.checks.ChecksFailedException;
import io.undercurrent.app.checks.Doctor;
import io.undercurrent.app.checks.Finding;
import io.undercurrent.app.checks.Finding.Result;
import io.undercurrent.app.checks.Subject;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checks that {@code run} makes before it starts. A cluster that just starts answers late, so
 * failures that may pass by themselves are looked at again, for half a minute.
 */
final class ChecksBeforeRun {

  private static final Logger log = LoggerFactory.getLogger(ChecksBeforeRun.class);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final Doctor doctor;

  ChecksBeforeRun(Subject subject) {
    doctor = new Doctor(subject);
  }

  /**
   * Makes them, and logs the warnings.
   *
   * @throws ChecksFailedException if some failed
   */
  void make() throws InterruptedException {
    require(doctor.machine(finding -> {}));
    long endNanos = System.nanoTime() + PATIENCE.toNanos();
    Set<String> said = new HashSet<>();
    List<Finding> findings = doctor.cluster(finding -> {});
    while (mayPass(findings) && System.nanoTime() < endNanos) {
      for (Finding finding : findings) {
        if (finding.isFailure() && said.add(finding.line())) {
          log.warn("{}; trying again for {} s", finding.line(), PATIENCE.toSeconds());
        }
      }
      Thread.sleep(PAUSE.toMillis());
      findings = doctor.cluster(finding -> {});
    }
    require(findings);
  }

  private static boolean mayPass(List<Finding> findings) {
    return findings.stream().anyMatch(finding -> finding.result() == Result.NOT_YET)
        && findings.stream().noneMatch(finding -> finding.result() == Result.FAILED);
  }

  private static void require(List<Finding> findings) {
    List<Finding> failed = findings.stream().filter(Finding::isFailure).toList();
    if (!failed.isEmpty()) {
      throw new ChecksFailedException(failed);
    }
    findings.stream()
        .filter(finding -> finding.result() == Result.WARNING)
        .forEach(finding -> log.warn("{}", finding.line()));
  }
}
