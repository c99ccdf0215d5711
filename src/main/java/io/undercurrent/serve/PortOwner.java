package io.undercurrent.serve;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The process that listens on a port of this machine, for a message. On Linux it is found in {@code
 * /proc}; elsewhere, and where the process belongs to another user, it is not known.
 *
 * @param arguments of an undercurrent; null if it is another program
 */
record PortOwner(long pid, String program, Instant since, String arguments) {

  private static final Path PROC = Path.of("/proc");
  private static final String LISTENS = "0A";

  /** The main class on the command line of an undercurrent. */
  private static final Pattern MAIN = Pattern.compile("io\\.undercurrent\\.\\w+\\.Main");

  /** Settings on a command line that must not appear in a message. */
  private static final Pattern SECRET =
      Pattern.compile(
          "(?is)(\\S*(?:password|passphrase|secret|token|credential|jaas|user\\.info|\\.key)\\S*?=).*");

  /** The owner of a port; empty if it is not known. */
  static Optional<PortOwner> of(int port) {
    try {
      Set<String> sockets = listening(port);
      if (sockets.isEmpty()) {
        return Optional.empty();
      }
      return ProcessHandle.allProcesses()
          .filter(process -> holds(process.pid(), sockets))
          .findFirst()
          .map(PortOwner::of);
    } catch (IOException | RuntimeException e) {
      return Optional.empty(); // another system, or no rights
    }
  }

  /** The links in {@code /proc/PID/fd} of the sockets that listen on a port. */
  private static Set<String> listening(int port) throws IOException {
    Set<String> sockets = new HashSet<>();
    for (String table : List.of("tcp", "tcp6")) {
      Path file = PROC.resolve("net").resolve(table);
      if (Files.exists(file)) {
        for (String line : Files.readAllLines(file)) {
          // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout
          // inode
          String[] columns = line.strip().split("\\s+");
          if (columns.length > 9
              && columns[3].equals(LISTENS)
              && columns[1].endsWith(String.format(Locale.ROOT, ":%04X", port))) {
            sockets.add("socket:[" + columns[9] + "]");
          }
        }
      }
    }
    return sockets;
  }

  private static boolean holds(long pid, Set<String> sockets) {
    try (Stream<Path> open = Files.list(PROC.resolve(Long.toString(pid)).resolve("fd"))) {
      return open.anyMatch(file -> sockets.contains(target(file)));
    } catch (IOException | RuntimeException e) {
      return false; // another user's, or it has ended
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return "";
    }
  }

  private static PortOwner of(ProcessHandle process) {
    ProcessHandle.Info info = process.info();
    List<String> arguments = arguments(process.pid());
    int main = 0;
    while (main < arguments.size() && !MAIN.matcher(arguments.get(main)).matches()) {
      main++;
    }
    return new PortOwner(
        process.pid(),
        info.command().map(command -> Path.of(command).getFileName().toString()).orElse("unknown"),
        info.startInstant().map(since -> since.truncatedTo(ChronoUnit.SECONDS)).orElse(null),
        main == arguments.size()
            ? null
            : withoutSecrets(arguments.subList(main + 1, arguments.size())));
  }

  /** Read here, because Java gives up on a command line of more than 4 KiB. */
  private static List<String> arguments(long pid) {
    try {
      String line = Files.readString(PROC.resolve(Long.toString(pid)).resolve("cmdline"));
      return List.of(line.split("\0"));
    } catch (IOException e) {
      return List.of(); // it has ended
    }
  }

  /** Arguments as one line, in which secrets are left out. */
  static String withoutSecrets(List<String> arguments) {
    List<String> shown = new ArrayList<>();
    for (String argument : arguments) {
      shown.add(SECRET.matcher(argument).replaceFirst("$1***"));
    }
    return String.join(" ", shown);
  }

  /** Such as {@code process 7 (nginx)}. An undercurrent's tells how to end it. */
  @Override
  public String toString() {
    return arguments == null
        ? "process %d (%s)".formatted(pid, program)
        : "process %d, an undercurrent%s (%s): end it with kill %1$d"
            .formatted(pid, since == null ? "" : " that runs since " + since, arguments);
  }
}
