package io.undercurrent.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.io.Lines.Line;
import io.undercurrent.io.Lines.LineTooLongException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LinesTest {

  private static List<Line> lines(String text) throws IOException {
    Lines lines = new Lines(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    List<Line> all = new ArrayList<>();
    for (Line line = lines.next(); line != null; line = lines.next()) {
      all.add(line);
    }
    return all;
  }

  @Test
  void shouldSkipBlankLinesAndCountThem() throws IOException {
    List<Line> lines = lines("a\n\n \t\r\n  b \r\nc");
    assertThat(lines).extracting(Line::number).containsExactly(1L, 4L, 5L);
    assertThat(lines.get(0).text()).isEqualTo("a");
    assertThat(lines.get(1).text()).isEqualTo("  b ");
    assertThat(lines.get(1).firstByte()).isEqualTo((byte) 'b');
    assertThat(lines.get(2).text()).isEqualTo("c");
    assertThat(lines("")).isEmpty();
    assertThat(lines("\n\r\n ")).isEmpty();
  }

  @Test
  void shouldSkipAByteOrderMarkBeforeTheFirstLineOnly() throws IOException {
    List<Line> lines = lines("\uFEFFa\n\uFEFFb");
    assertThat(lines.get(0).text()).isEqualTo("a");
    assertThat(lines.get(1).text()).isEqualTo("\uFEFFb");
    assertThat(lines("\uFEFF\n")).isEmpty();
  }

  @Test
  void shouldRefuseALineThatIsTooLong() {
    Lines lines = new Lines(new Endless());
    assertThatThrownBy(lines::next)
        .isInstanceOf(LineTooLongException.class)
        .hasMessage("line 1 must have at most 67,108,864 bytes, found more");
  }

  private static final class Endless extends InputStream {
    @Override
    public int read() {
      return 0;
    }
  }

  @Test
  void shouldReturnBytesThatAreNotUtf8AndRefuseTheirText() throws IOException {
    byte[] bytes = {'a', (byte) 0xff};
    Line line = new Lines(new ByteArrayInputStream(bytes)).next();
    assertThat(line.bytes()).isEqualTo(bytes);
    assertThatThrownBy(line::text).isInstanceOf(CharacterCodingException.class);
  }
}
