package io.undercurrent.train;

import io.undercurrent.io.OneLine;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What is wrong with a recipe: all of it, so that one reading is enough. Owned by one thread. */
final class RecipeErrors {

  private record Error(String location, String message) {

    /** Of its line; 0 for one that is not in the file. */
    int line() {
      return location.startsWith("line ")
          ? Integer.parseInt(location.substring("line ".length()))
          : 0;
    }

    @Override
    public String toString() {
      return OneLine.of(location.isEmpty() ? message : location + ": " + message);
    }
  }

  private final List<Error> errors = new ArrayList<>();
  private final List<String> paths;

  /**
   * No errors yet.
   *
   * @param paths all keys of the file, which an unknown key may stand for
   */
  RecipeErrors(List<String> paths) {
    this.paths = paths;
  }

  List<String> paths() {
    return paths;
  }

  /**
   * Adds an error.
   *
   * @param location for example {@code line 12}; empty for the whole file
   * @param message names the key, the expectation and the finding
   */
  void add(String location, String message) {
    errors.add(new Error(location, message));
  }

  boolean isEmpty() {
    return errors.isEmpty();
  }

  /**
   * @param file named at the start of each error
   * @throws RecipeException with all errors in the order of their lines, if there are any
   */
  void throwIfAny(Object file) {
    if (!errors.isEmpty()) {
      throw new RecipeException(
          errors.stream()
              .sorted(Comparator.comparingInt(Error::line))
              .map(error -> file + ": " + error)
              .toList());
    }
  }
}
