package io.undercurrent.cli;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Words of a command line that each name one of a few things. */
final class Words {

  private Words() {}

  /**
   * What the words name, all of them where there is none.
   *
   * @throws ParameterException if one of them names nothing
   */
  static <E extends Enum<E>> Set<E> named(Class<E> things, List<String> words, CommandLine at) {
    Set<E> all = EnumSet.allOf(things);
    Set<E> named = EnumSet.noneOf(things);
    for (String word : words) {
      named.add(
          all.stream()
              .filter(thing -> thing.name().toLowerCase(Locale.ROOT).equals(word))
              .findFirst()
              .orElseThrow(
                  () ->
                      new ParameterException(
                          at, "WHAT must be of %s, found %s".formatted(all, word))));
    }
    return named.isEmpty() ? all : named;
  }
}
