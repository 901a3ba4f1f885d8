#include "server/log_service.h"

#include <algorithm>
#include <charconv>

#include "codec/base64.h"
#include "ledger/merkle.h"
#include "server/answers.h"

namespace vedette::server {

namespace {

using codec::Json;
using platform::HttpResponse;
using platform::UnitOfWork;

constexpr std::uint64_t kMostEntries = 1000;

Result<std::uint64_t> number(const Call& call, const std::string& name) {
  const auto text = call.query.find(name);
  if (text == call.query.end()) return refuse("HTTP-QUERY", "the query lacks '" + name + "'");
  std::uint64_t value = 0;
  const char* end = text->second.data() + text->second.size();
  const auto parsed = std::from_chars(text->second.data(), end, value);
  if (parsed.ec != std::errc{} || parsed.ptr != end)
    return refuse("HTTP-QUERY", "'" + name + "' is not a number", text->second.substr(0, 40));
  return value;
}

Json to_json(const ledger::Proof& proof) {
  Json::Array hashes;
  for (const auto& hash : proof)
    hashes.emplace_back(codec::to_base64(hash));
  return hashes;
}

}  // namespace

Result<HttpResponse> LogService::checkpoint(const Call& /*call*/) {
  std::optional<std::string> text;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(text, unit.log().checkpoint());
    return {};
  }));
  if (!text) return refuse("HTTP-NOT-FOUND", "nothing has been decided yet");
  return answer_text("text/plain; charset=utf-8", *text);
}

Result<HttpResponse> LogService::entries(const Call& call) {
  VEDETTE_TRY(const std::uint64_t start, number(call, "start"));
  VEDETTE_TRY(const std::uint64_t count, number(call, "count"));
  Json::Array entries;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const std::uint64_t size, unit.log().size());
    const std::uint64_t first = std::min(start, size);
    const std::uint64_t last = first + std::min({count, kMostEntries, size - first});
    for (std::uint64_t index = first; index < last; ++index) {
      VEDETTE_TRY(const Bytes entry, unit.log().entry(index));
      entries.emplace_back(codec::to_base64(entry));
    }
    return {};
  }));
  Json body;
  body.set("entries", std::move(entries));
  return answer(body);
}

Result<HttpResponse> LogService::inclusion(const Call& call) {
  VEDETTE_TRY(const std::uint64_t index, number(call, "index"));
  VEDETTE_TRY(const std::uint64_t size, number(call, "size"));
  Json body;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const ledger::Proof proof, ledger::inclusion_proof(unit.log(), index, size));
    VEDETTE_TRY(const Bytes entry, unit.log().entry(index));
    body.set("leaf_hash", codec::to_base64(ledger::leaf_hash(entry))).set("hashes", to_json(proof));
    return {};
  }));
  return answer(body);
}

Result<HttpResponse> LogService::consistency(const Call& call) {
  VEDETTE_TRY(const std::uint64_t from, number(call, "from"));
  VEDETTE_TRY(const std::uint64_t to, number(call, "to"));
  Json body;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const ledger::Proof proof, ledger::consistency_proof(unit.log(), from, to));
    body.set("hashes", to_json(proof));
    return {};
  }));
  return answer(body);
}

}  // namespace vedette::server
