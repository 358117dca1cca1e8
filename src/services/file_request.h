#pragma once

#include <expected>
#include <string>
#include <variant>

#include "hotline/core/bytes.h"
#include "hotline/services/file_requests.h"
#include "services/file_payload.h"
#include "services/file_protocol.h"

// The requests of docs/wire/files.md: what OPEN carries. No I/O.

namespace hotline::services {

/// In the order of FileRequestKind.
using FileRequest =
    std::variant<ListDirectory, StatFile, GetFile, PutFile, PutSmallFile, MakeDirectory, RemoveFile,
                 MoveFile, CopyFile, SetFileMeta, GetHashes, GetQuota, ListUploads, DropUpload>;

FileRequestKind kind_of(const FileRequest& request);

/// Returns the digest that it asks for.
FileDigestKind digest_of(const FileRequest& request);

/// Returns the bytes for OPEN.
std::string encode_file_request(const FileRequest& request);

/// Returns the request, or why it is refused. `flows` are those with which the stream was opened.
std::expected<FileRequest, FileFault> decode_file_request(Bytes bytes, SessionFlows flows);

}  // namespace hotline::services
