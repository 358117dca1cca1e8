#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "framing/binary_length.h"
#include "framing/formats.h"
#include "framing/gathering.h"
#include "framing/outcome.h"
#include "hotline/core/bytes.h"
#include "hotline/framing/codec.h"

namespace hotline::framing {

/// Assembles frames from the pieces in which they arrive: returns a frame in place if all of it is
/// in one piece, and collects the others. No I/O. Holds no memory unless it is within a frame.
class FrameAssembler {
 public:
  /// What next() has found: see Decoded.
  struct Step {
    Decoded::Outcome outcome = Decoded::Outcome::more;
    bool is_gathered = false;  ///< The frame is valid until next(); otherwise as long as the piece.
    MutableBytes payload{};
    MutableBytes frame{};  ///< All of the frame: the payload and its envelope.
    std::string_view reason{};
  };

  /// `framing` and `budget` must outlive this object. Without a budget only the longest frame
  /// limits the memory.
  explicit FrameAssembler(const Framing& framing, GatheringBudget* budget = nullptr)
      : decoder_(framing), budget_(budget) {}

  /// Returns the next frame of what has arrived. After `more`, feed it or fill room(); it then
  /// holds no piece. Throws as Gathering does.
  Step next() {
    const Framing& framing = decoder_.framing();
    const LengthField field = format_of(framing.kind).length_field;
    if (!partial_ && field.bytes != 0) {
      const Decoded decoded = decode_length_field(field, piece_, payload_max(framing));
      if (decoded.outcome == Decoded::Outcome::frame) return take_whole(decoded);
    }
    return next_of_pieces();
  }

  /// Returns true if next() will find something other than `more`; always false within a frame. The
  /// last frame that next() found stays valid.
  bool has_next();

  /// Adds the bytes that have arrived after all earlier ones. They must stay in place until next()
  /// returns `more`.
  void feed(MutableBytes piece) { piece_ = piece; }

  /// After `more`: returns memory for much of the current frame, to read into directly; empty if
  /// feeding is better. Call filled() with the number of bytes read.
  MutableBytes room();
  void filled(std::size_t count) { partial_->bytes.advance(count); }

  /// See Decoder.
  Bytes answer() const { return decoder_.answer(); }
  void note_answered() { decoder_.note_answered(); }

  /// Returns true if a frame had begun and not ended at the last next().
  bool is_amid_frame() const { return partial_ && !partial_->is_read && !partial_->bytes.empty(); }

  /// Returns the bytes that were fed and do not belong to a frame yet, to be moved elsewhere and
  /// fed again.
  MutableBytes rest() const { return piece_; }

  /// Returns the bytes of the frame that has begun and not ended.
  Bytes begun() const { return is_amid_frame() ? Bytes(partial_->bytes.bytes()) : Bytes(); }

  /// Takes as many bytes that do not belong to a frame as there are and fit.
  std::size_t take(MutableBytes into);

 private:
  /// The beginning of a frame, or the frame that was read last.
  struct Partial {
    explicit Partial(GatheringBudget* budget) : bytes(budget) {}

    Gathering bytes;
    MutableBytes source{};  ///< The piece, before the last bytes were copied out of it.
    std::size_t wanted_bytes = 0;
    bool is_read = false;  ///< `bytes` contains the frame that was read last.
  };

  /// The frame is within the piece.
  Step take_whole(const Decoded& decoded) {
    const MutableBytes frame = piece_.first(decoded.frame_bytes);
    piece_ = piece_.subspan(decoded.frame_bytes);
    return {.outcome = decoded.outcome,
            .payload = frame.subspan(decoded.payload_begin, decoded.payload_bytes),
            .frame = frame};
  }

  Step next_of_pieces();
  Step take_frame(const Decoded& decoded, MutableBytes input);
  void gather(std::size_t wanted_bytes);

  Decoder decoder_;
  GatheringBudget* budget_;
  MutableBytes piece_;
  std::unique_ptr<Partial> partial_;  ///< Null while the stream is silent.
};

}  // namespace hotline::framing
