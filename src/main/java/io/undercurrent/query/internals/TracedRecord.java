package io.undercurrent.query.internals;

import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import java.util.List;

/**
 * An enriched record and its reading, piece by piece.
 *
 * @param record the enriched record
 * @param exact whether this reading is the original one: it gives the record's sentiment bit for
 *     bit. False if earlier records of the key were missing
 * @param before the sentiment before the first token: that of the key's previous record, from -1 to
 *     1; 0 if there is none; NaN for a model whose labels have no valences
 * @param pieces the pieces of the record's text, in order; together they are the whole text
 */
public record TracedRecord(
    EnrichedRecord record, boolean exact, double before, List<Piece> pieces) {

  public TracedRecord {
    pieces = List.copyOf(pieces);
  }

  /**
   * A piece of text that the tokenizer reads as one. Most pieces are one token; {@code don't} is
   * two, and so is an elongated word with its mark.
   *
   * @param text the piece, with the white space before it
   * @param score sentiment of the record up to and including this piece, from -1 to 1; NaN for a
   *     model whose labels have no valences
   * @param bits the surprise of its tokens, added up, in bits
   * @param expected the tokens that the network expected instead of its first token, most probable
   *     first
   * @param probability the predicted probability of its first token
   */
  public record Piece(
      String text, double score, double bits, List<NextToken> expected, double probability) {

    public Piece {
      expected = List.copyOf(expected);
    }
  }
}
