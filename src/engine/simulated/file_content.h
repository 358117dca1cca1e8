#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/simulated/chance.h"
#include "hotline/core/bytes.h"

namespace hotline::engine {

/// The bytes of a simulated file twice: as programs see them, and as they are on the disk. What was
/// written since the last sync is a sequence of changes, each of one block or of the size.
class FileContent {
 public:
  static constexpr std::size_t kBlockBytes = 4096;

  std::uint64_t size() const { return cached_.size(); }

  /// Returns how many bytes it has read, 0 at the end.
  std::size_t read(std::uint64_t offset, MutableBytes room) const;
  void write(std::uint64_t offset, Bytes bytes);
  void resize(std::uint64_t size);

  /// Returns where the first block at or after `offset` begins that has (`find_data`) or has not
  /// (`find_hole`) other bytes than zeros; the size if there is none.
  std::uint64_t find_data(std::uint64_t offset) const;
  std::uint64_t find_hole(std::uint64_t offset) const;

  /// Puts all changes on the disk.
  void sync();

  /// Puts any of them on the disk. The others never get there, and a later sync does not report it.
  void fail_sync(Chance& chance);

  /// Puts any of them on the disk, and shows what is there.
  void cut_power(Chance& chance);

  /// Changes one bit, on the disk too. Not for an empty file.
  void flip_bit(Chance& chance);

 private:
  struct Change {
    bool is_of_size = false;
    std::uint64_t number = 0;  ///< The block, or the size.
    std::string bytes{};       ///< The block.
  };
  enum class Kept : std::uint8_t { none, all, any };

  void keep(Kept kept, Chance* chance);
  bool has_data(std::uint64_t block) const;
  std::uint64_t find(std::uint64_t offset, bool wants_data) const;

  std::string cached_;
  std::string durable_;
  std::vector<Change> changes_;
};

}  // namespace hotline::engine
