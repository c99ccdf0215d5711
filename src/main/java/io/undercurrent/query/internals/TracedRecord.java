package io.undercurrent.query.internals;

import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import java.util.List;

/**
 * An enriched record with the course of its reading, token by token.
 *
 * @param record as it came out
 * @param exact whether the reading below is the very one that the record came from: it gives the
 *     record's sentiment, bit by bit. Not so where earlier records of the key were not at hand
 * @param before the sentiment that its first token moved on from: that of the key's record before,
 *     0 where there is none; from -1 to 1
 * @param pieces of the record's text; together they are all of it
 */
public record TracedRecord(
    EnrichedRecord record, boolean exact, double before, List<Piece> pieces) {

  public TracedRecord {
    pieces = List.copyOf(pieces);
  }

  /**
   * A piece of text that the tokenizer reads as one, mostly one token: {@code don't} is two, an
   * elongated word and its mark are two.
   *
   * @param text with the white space before it
   * @param score sentiment of the record up to here, from -1 to 1
   * @param bits what its tokens cost together; log2
   * @param expected what the network expected in place of its first token, most probable first
   * @param probability that its first token had
   */
  public record Piece(
      String text, double score, double bits, List<NextToken> expected, double probability) {

    public Piece {
      expected = List.copyOf(expected);
    }
  }
}
