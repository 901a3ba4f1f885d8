// FileServer: gives out files by their digest as a server does, without a wire, and fails as told.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "crypto/digest.h"
#include "platform/net/byte_range.h"
#include "platform/net/http.h"
#include "release/delta/delta.h"

namespace vedette::testing {

class FileServer : public platform::HttpClient {
 public:
  // Where a file lies, for a request's target.
  static std::string target_of(const crypto::Sha256Digest& sha256) {
    return std::string(kFolder) + to_hex(sha256);
  }

  release::FileIdentity add(const Bytes& file) {
    const release::FileIdentity identity{crypto::sha256(file), file.size()};
    files[to_hex(identity.sha256)] = file;
    return identity;
  }

  Result<platform::HttpResponse> send(const platform::HttpRequest& /*request*/) override {
    return refuse("NET-SYNTAX", "a file is not asked for so");
  }
  Result<platform::HttpResponse> download(
      const platform::HttpRequest& request,
      const std::function<Result<void>(ByteView)>& sink) override {
    const std::string name = request.target.substr(kFolder.size(), kNameOctets);
    const std::uint64_t first = platform::asked_from(request).value_or(0);
    asked.push_back(name);
    begun_at.push_back(first);
    if (!refusal.empty()) return refuse(refusal, "as told");
    const ByteView rest = ByteView(files.at(name)).subspan(first);
    ByteView left = rest.first(std::min(rest.size(), breaks_after));
    while (!left.empty()) {
      const ByteView piece = left.first(std::min(left.size(), piece_octets));
      octets += piece.size();
      VEDETTE_CHECK(sink(piece));
      left = left.subspan(piece.size());
    }
    if (rest.size() > breaks_after || breaks_at_the_end) return refuse("NET-CLOSED", "as told");
    return platform::HttpResponse{};
  }
  Result<Bytes> channel_binding() override { return Bytes{}; }
  bool connected() override { return true; }

  std::map<std::string, Bytes> files;  // by their digest in hexadecimal, whatever they are by now
  std::size_t piece_octets = SIZE_MAX;
  std::size_t breaks_after = SIZE_MAX;  // so many octets of one answer
  bool breaks_at_the_end = false;       // after the last octet
  std::string refusal;                  // a code: in place of any answer

  std::vector<std::string> asked;       // names, in their order
  std::vector<std::uint64_t> begun_at;  // the octet that each of these requests began at
  std::uint64_t octets = 0;             // that were sent in all

 private:
  static constexpr std::string_view kFolder = "/v1/blobs/";
  static constexpr std::size_t kNameOctets = 64;
};

}  // namespace vedette::testing
