package io.undercurrent.app.checks;

import io.undercurrent.app.checks.Finding.Result;

/** One thing that must be right before the application can run. */
public interface Check {

  /** Names what is checked, such as {@code topic messages}. */
  String name();

  /** Looks at it. Takes a few seconds at most, and changes nothing. */
  Finding look();

  default Finding ok(String found) {
    return new Finding(name(), Result.OK, found, "");
  }

  /** The application can run, but not as well as it could. */
  default Finding warning(String found, String remedy) {
    return new Finding(name(), Result.WARNING, found, remedy);
  }

  /** The application cannot run. */
  default Finding failed(String found, String remedy) {
    return new Finding(name(), Result.FAILED, found, remedy);
  }

  /** The application cannot run now; it may in a moment, for example when a broker has started. */
  default Finding notYet(String found, String remedy) {
    return new Finding(name(), Result.NOT_YET, found, remedy);
  }

  default Finding unknown(String found, String remedy) {
    return new Finding(name(), Result.UNKNOWN, found, remedy);
  }
}
