package io.undercurrent;

import io.undercurrent.GuardedCluster.Right;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;

/**
 * The rights that docs/operating.md lists under "Permissions", for an application that reads the
 * topic {@code in} and writes {@code out} and {@code dead}.
 *
 * @param needed without one of these the application does not run
 * @param useful without one of these something is missing
 */
public record DocumentedRights(List<Right> needed, List<Right> useful) {

  private static final Pattern OPERATION =
      Pattern.compile("\\b(Create|Read|Write|Delete|DescribeConfigs)\\b");

  public static DocumentedRights of(String applicationId) throws IOException {
    String docs = Files.readString(Path.of("docs", "operating.md"));
    String section = docs.substring(docs.indexOf("\n## Permissions\n") + 1);
    DocumentedRights rights = new DocumentedRights(new ArrayList<>(), new ArrayList<>());
    section
        .substring(0, section.indexOf("\n## "))
        .lines()
        .filter(line -> line.startsWith("| ") && !line.startsWith("| ---"))
        .skip(1)
        .forEach(line -> rights.add(line.split("\\|"), applicationId));
    return rights;
  }

  private void add(String[] row, String applicationId) {
    String resource = row[1].strip();
    String prefix = applicationId + "-";
    switch (resource) {
      case "source topics" -> add(row, ResourceType.TOPIC, "in", false);
      case "enriched topic" -> add(row, ResourceType.TOPIC, "out", false);
      case "dead-letter topic" -> add(row, ResourceType.TOPIC, "dead", false);
      case "topics that start with `<application.id>-`" ->
          add(row, ResourceType.TOPIC, prefix, true);
      case "group `<application.id>`" -> add(row, ResourceType.GROUP, applicationId, false);
      case "transactional ids that start with `<application.id>-`" ->
          add(row, ResourceType.TRANSACTIONAL_ID, prefix, true);
      case "the cluster", "topic that `play` writes" -> {} // not for run without --create-topics
      default -> throw new IllegalStateException("a row that the test does not know: " + resource);
    }
  }

  private void add(String[] row, ResourceType type, String resource, boolean prefix) {
    operations(row[2]).forEach(o -> needed.add(new Right(type, resource, prefix, o)));
    operations(row[3]).forEach(o -> useful.add(new Right(type, resource, prefix, o)));
  }

  private static List<AclOperation> operations(String cell) {
    List<AclOperation> operations = new ArrayList<>();
    for (Matcher word = OPERATION.matcher(cell); word.find(); ) {
      operations.add(
          AclOperation.valueOf(
              word.group().replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(Locale.ROOT)));
    }
    return operations;
  }

  /** All of them. */
  public List<Right> all() {
    List<Right> all = new ArrayList<>(needed);
    all.addAll(useful);
    return all;
  }
}
