package io.undercurrent.cli;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Damages the files of an application's stores, as a failing disk may. */
enum StateDamage {
  /** Flips bits of a file of records. */
  FLIP {
    @Override
    void apply(Path store, SplittableRandom random) throws IOException {
      Path file = draw(files(store, ".sst"), random);
      if (file == null || Files.size(file) == 0) {
        return;
      }
      try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
        for (int i = 0; i < 16; i++) {
          long at = random.nextLong(bytes.length());
          bytes.seek(at);
          int found = bytes.read();
          bytes.seek(at);
          bytes.write(found ^ (1 << random.nextInt(8)));
        }
      }
    }
  },
  /** Cuts the end off a file of records. */
  TRUNCATE {
    @Override
    void apply(Path store, SplittableRandom random) throws IOException {
      Path file = draw(files(store, ".sst"), random);
      if (file == null || Files.size(file) == 0) {
        return;
      }
      try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
        bytes.setLength(random.nextLong(bytes.length()));
      }
    }
  },
  /** Deletes the list of a store's files. */
  DELETE_MANIFEST {
    @Override
    void apply(Path store, SplittableRandom random) throws IOException {
      Path file = draw(files(store, ""), random, "MANIFEST");
      if (file != null) {
        Files.delete(file);
      }
    }
  };

  /**
   * Damages a store. A store without the kind of file that this damages is left as it is.
   *
   * @param store its folder
   */
  abstract void apply(Path store, SplittableRandom random) throws IOException;

  /** Damages one store in a way that is drawn; says which and how. */
  static String any(Path state, SplittableRandom random) throws IOException {
    if (!Files.isDirectory(state)) { // the instance has just begun
      return "nothing to damage in " + state;
    }
    List<Path> stores;
    try (Stream<Path> all = Files.walk(state)) {
      stores =
          all.filter(file -> file.getFileName().toString().equals("CURRENT"))
              .map(Path::getParent)
              .sorted()
              .toList();
    }
    Path store = draw(stores, random);
    if (store == null) {
      return "nothing to damage in " + state;
    }
    StateDamage damage = values()[random.nextInt(values().length)];
    damage.apply(store, random);
    return damage + " " + state.relativize(store);
  }

  private static Path draw(List<Path> from, SplittableRandom random) {
    return from.isEmpty() ? null : from.get(random.nextInt(from.size()));
  }

  private static Path draw(List<Path> from, SplittableRandom random, String start) {
    return draw(
        from.stream().filter(file -> file.getFileName().toString().startsWith(start)).toList(),
        random);
  }

  private static List<Path> files(Path store, String end) throws IOException {
    try (Stream<Path> all = Files.list(store)) {
      return all.filter(file -> file.getFileName().toString().endsWith(end)).sorted().toList();
    }
  }
}
