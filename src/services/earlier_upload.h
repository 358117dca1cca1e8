#pragma once

#include <optional>

#include "services/file_outcome.h"
#include "services/file_tree.h"
#include "services/upload_table.h"

namespace hotline::services {

/// Returns the version of the file that an earlier upload with these facts has published, if the
/// path still has that file; nullopt if there was none, or they have no key. Fails with
/// `key_reused` if the key was that of another upload. UploadTable::beginning() is held. Suspends
/// the fiber.
FileOutcome<std::optional<FileVersion>> published_earlier(FileTree& tree, UploadTable& uploads,
                                                          const UploadFacts& facts);

/// The same for a small file, of which a server that has ended kept no key: a file with the same
/// content, time and mode is the one that was uploaded.
FileOutcome<std::optional<FileVersion>> published_earlier(FileTree& tree,
                                                          const PutSmallFile& request);

}  // namespace hotline::services
