package io.undercurrent.chart;

import io.undercurrent.io.AtomicFile;
import java.awt.AWTError;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import javax.imageio.ImageIO;

/**
 * Draws pictures into files. What a machine without fonts, AWT or XChart throws is said once, in
 * one line, and the work goes on without pictures. Not thread-safe.
 */
public final class Pictures {

  private final Consumer<String> says;
  private boolean unable;

  /**
   * @param says told in one line why there are no pictures
   */
  public Pictures(Consumer<String> says) {
    this.says = says;
  }

  /**
   * Draws the picture as PNG, in place of one that is there; a reader sees the old or the new one.
   * A picture with nothing to see is not drawn.
   *
   * @return whether the file is drawn
   * @throws IOException if the file cannot be written
   */
  public boolean draw(Path file, Picture picture) throws IOException {
    if (unable || picture.isEmpty()) {
      return false;
    }
    try {
      AtomicFile.replace(file, temporary -> write(picture, temporary));
      return true;
    } catch (LinkageError | InternalError | AWTError | RuntimeException e) {
      if (e instanceof RuntimeException && hasFonts()) {
        says.accept("no picture " + file + ": " + e); // hours of training must not end for it
        return false;
      }
      unable = true;
      says.accept(
          "no pictures: this machine cannot draw ("
              + root(e)
              + "); install fontconfig and a font (Debian: fontconfig, fonts-dejavu-core); the"
              + " numbers are in files of their own");
      return false;
    }
  }

  /**
   * Without fonts JDK 17 throws an InternalError, JDK 25 a RuntimeException, and a JDK without
   * AWT's library a LinkageError.
   */
  private static boolean hasFonts() {
    try {
      new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics().getFontMetrics();
      return true;
    } catch (LinkageError | InternalError | AWTError | RuntimeException e) {
      return false;
    }
  }

  private static Throwable root(Throwable e) {
    return e.getCause() == null ? e : root(e.getCause());
  }

  private static void write(Picture picture, Path file) throws IOException {
    ImageIO.setUseCache(false); // no temporary files beside ours
    try (var out = Files.newOutputStream(file)) {
      ImageIO.write(picture.draw(), "png", out);
    }
  }
}
