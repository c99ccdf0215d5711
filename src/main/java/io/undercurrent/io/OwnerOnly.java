package io.undercurrent.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Makes folders and files that hold texts, and that other users of the machine cannot read. What
 * exists already keeps its permissions. Where the file system has no POSIX permissions, its
 * defaults are used. Stateless.
 */
public final class OwnerOnly {

  private OwnerOnly() {}

  /**
   * Creates a folder and its missing parents, all with {@code rwx------}.
   *
   * @return the folder
   */
  public static Path folder(Path folder) throws IOException {
    return Files.createDirectories(folder, only(folder, "rwx------"));
  }

  /**
   * Replaces a file by an empty one with {@code rw-------}.
   *
   * @return the file
   */
  public static Path emptyFile(Path file) throws IOException {
    Files.deleteIfExists(file);
    return Files.createFile(file, only(file, "rw-------"));
  }

  private static FileAttribute<?>[] only(Path path, String permissions) {
    boolean posix = path.getFileSystem().supportedFileAttributeViews().contains("posix");
    Set<PosixFilePermission> set = PosixFilePermissions.fromString(permissions);
    return posix
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(set)}
        : new FileAttribute<?>[0];
  }
}
