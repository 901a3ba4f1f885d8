// A model on disk: hashing it to sign, and comparing it with what was signed.
//
// A model is one regular file, or a folder of them. Nothing outside of it is ever read: every file
// is opened with openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), symbolic links (final or parent),
// devices, FIFOs and sockets are refused, and so is a file with a second hard link, whose content
// somebody else can change under another name. `.git`, `.gitignore`, `.gitattributes` and `.github`
// at the top are left out, as by every implementation of OpenSSF Model Signing.
//
// What was verified here by path can change before it is opened again: load only through the
// descriptor that was hashed (release/stream_verifier.h).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "crypto/key.h"
#include "release/oms_bundle.h"
#include "release/oms_manifest.h"

namespace vedette::release {

class HashCache;

struct HashProgress {
  std::string_view file;  // being read
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;
};

struct HashOptions {
  std::vector<std::string> ignore;  // paths relative to the folder, e.g. of the bundle itself
  // May be empty; called at least every 4 MiB, from the threads that hash, one at a time.
  std::function<void(const HashProgress&)> progress;
  unsigned threads = 0;  // files or shards hashed at once; 0: one for each core, at most 8
};

// The manifest of the model at `path`. Refuses OMS-OPEN, OMS-READ, OMS-SYMLINK, OMS-HARDLINK,
// OMS-FILETYPE, OMS-CHANGED (written to while it was read), OMS-DEPTH (more than 64 folders in each
// other), and what build_manifest refuses.
// With a `cache`, files that it knows are not hashed (release/hash_cache.h).
[[nodiscard]] Result<Manifest> hash_model(const std::string& path, const HashOptions& options = {},
                                          HashCache* cache = nullptr);

// The same by shards of `shard_size` octets, so that several threads hash one file. An empty file
// has no shard: it is not part of what is signed. Besides refuses OMS-SHARD unless the size is from
// 1 to kMaxShardBytes, and OMS-NAME for a file with a colon in its name.
[[nodiscard]] Result<Manifest> hash_model_by_shards(const std::string& path,
                                                    std::uint64_t shard_size,
                                                    const HashOptions& options = {});

// Verifies the bundle, then that the model at `path` has every listed file with its digest and no
// other file, but for what `options.ignore`, the signer's ignore_paths and the rule above leave
// out: those are tolerated and must not be loaded. So are empty files when the model was signed by
// shards. Besides the codes of verify_bundle and hash_model refuses OMS-MISSING, OMS-DIGEST,
// OMS-UNLISTED, each naming the file.
[[nodiscard]] Result<VerifiedManifest> verify_model(const std::string& path,
                                                    std::string_view bundle,
                                                    std::span<const crypto::PublicKey> publishers,
                                                    const HashOptions& options = {});

// The second half of it, for a manifest that was verified in another way.
[[nodiscard]] Result<void> compare_model(const std::string& path, const Manifest& manifest,
                                         const HashOptions& options = {});

}  // namespace vedette::release
