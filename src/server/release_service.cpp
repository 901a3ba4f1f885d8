#include "server/release_service.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include <unistd.h>

#include "platform/net/byte_range.h"
#include "release/release_statement.h"
#include "server/answers.h"
#include "server/device_json.h"
#include "server/offered_deltas.h"
#include "server/releases_json.h"

namespace vedette::server {

namespace {

using codec::Json;
using platform::HttpResponse;
using platform::UnitOfWork;
using release::Release;
using release::ReleaseDelta;

constexpr std::size_t kMaxPublishBytes = std::size_t{32} << 20U;

Result<std::uint64_t> parse_number(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{} || end != text.data() + text.size() || number == 0)
    return refuse("HTTP-NUMBER", "not a release number", text.substr(0, 40));
  return number;
}

// What a publisher sends, octets as received.
struct Documents {
  std::string bundle;
  std::string statement;
  std::optional<std::string> contract;
};

Result<Documents> read_documents(const Json& body) {
  VEDETTE_CHECK(body.only({"bundle", "statement", "contract", "deltas"}));
  Documents documents;
  VEDETTE_TRY(documents.bundle, body.string("bundle"));
  VEDETTE_TRY(documents.statement, body.string("statement"));
  if (body.find("contract") != nullptr) {
    VEDETTE_TRY(documents.contract, body.string("contract"));
  }
  return documents;
}

Release to_release(const release::VerifiedRelease& verified, Documents documents, TimePoint now) {
  return {.model = verified->model,
          .number = verified->number,
          .tier = verified->tier,
          .model_root = verified->model_root,
          .file_name = verified->file_name,
          .file_sha256 = verified->file_sha256,
          .file_size = verified->file_size,
          .bundle = std::move(documents.bundle),
          .statement = std::move(documents.statement),
          .contract = std::move(documents.contract).value_or(""),
          .published_at = now};
}

// The file, or the part of it that the request asks for; its digest is what it is known by.
Result<HttpResponse> answer_file_or_part(const platform::HttpRequest& request, UniqueFd fd,
                                         std::uint64_t size, const std::string& sha256) {
  VEDETTE_TRY(const auto range, platform::requested_range(request, size, sha256));
  if (range && ::lseek(fd.get(), static_cast<off_t>(range->first), SEEK_SET) < 0)
    return refuse("FILE-READ", "a stored file could not be read", errno_text("lseek"));
  HttpResponse response = answer_file(std::move(fd), size);
  response.headers = {{"accept-ranges", "bytes"}, {"etag", '"' + sha256 + '"'}};
  if (range) platform::mark_partial(response, *range, size);
  return response;
}

// How many devices reported that this very model broke out of its rules.
std::uint64_t suspecting_devices(std::span<const ledger::SuspectRelease> suspects,
                                 const Release& release) {
  const auto found = std::ranges::find_if(suspects, [&](const ledger::SuspectRelease& suspect) {
    return suspect.model == release.model && suspect.release == release.number &&
           suspect.model_root == release.model_root;
  });
  return found == suspects.end() ? 0 : found->devices;
}

Result<Release> required(Result<std::optional<Release>> found, const std::string& name) {
  if (!found) return std::unexpected(std::move(found).error());
  if (!*found)
    return refuse("HTTP-NOT-FOUND", "there is no such release", name,
                  "see `vedette release list`; a blocked release is not given out");
  return **std::move(found);
}

}  // namespace

Result<HttpResponse> ReleaseService::put_blob(const Call& call) {
  VEDETTE_TRY(const auto digest, parse_sha256(call.arguments.at(0)));
  VEDETTE_CHECK(blobs_.put(digest, call.request.body));
  return answer(Json::Object{});
}

Result<void> ReleaseService::check_blob(const crypto::Sha256Digest& sha256, std::uint64_t size) {
  VEDETTE_TRY(const auto stored, blobs_.size(sha256));
  if (!stored)
    return refuse("REL-BLOB-MISSING", "a file of the release has not been uploaded", to_hex(sha256),
                  "`vedette release publish` uploads it first");
  if (*stored != size)
    return refuse("REL-SIZE", "the uploaded file has another size than the statement says",
                  std::to_string(*stored) + " instead of " + std::to_string(size));
  return {};
}

Result<void> ReleaseService::add(UnitOfWork& unit, const Release& release,
                                 const std::vector<ReleaseDelta>& deltas) {
  VEDETTE_CHECK(check_blob(release.file_sha256, release.file_size));
  VEDETTE_CHECK(unit.releases().add(release));
  for (const ReleaseDelta& delta : deltas) {
    VEDETTE_CHECK(check_blob(delta.delta_sha256, delta.delta_size));
    VEDETTE_CHECK(unit.releases().add_delta(release.model, release.number, delta));
  }
  return {};
}

Result<HttpResponse> ReleaseService::publish(const Call& call) {
  VEDETTE_TRY(const Json body,
              codec::parse_json(as_text(call.request.body), {.max_bytes = kMaxPublishBytes}));
  VEDETTE_TRY(Documents documents, read_documents(body));
  Matter matter{.kind = "publish",
                .subject = "unknown",
                .actor = call.caller.name(),
                .rule = call.rule,
                .details = {}};
  const auto verified = release::verify_release(documents.bundle, documents.statement, publishers_,
                                                documents.contract);
  if (!verified) return std::unexpected(chronicle_.refuse_matter(matter, verified.error()));
  const auto deltas =
      read_deltas(body, publishers_, {(*verified)->file_sha256, (*verified)->file_size});
  if (!deltas) return std::unexpected(chronicle_.refuse_matter(matter, deltas.error()));
  Release release = to_release(*verified, std::move(documents), clock_.now());
  matter.subject = release.model.str() + "/" + std::to_string(release.number);
  matter.details = summary(release);
  const auto& contract = (*verified)->contract;
  if (contract) matter.details.set("contract", contract_summary(**contract));
  if (!deltas->empty()) matter.details.set("deltas", summary(*deltas));
  VEDETTE_CHECK(chronicle_.decide(matter, [&](UnitOfWork& unit, Matter& entry) -> Result<void> {
    VEDETTE_TRY(release.pending, takes_two(unit, release));
    if (release.pending) entry.details.set("pending", true);
    return add(unit, release, *deltas);
  }));
  if (release.pending) matter.details.set("pending", true);
  return answer(matter.details);
}

Result<Json> ReleaseService::told(UnitOfWork& unit, const Release& release,
                                  std::span<const ledger::SuspectRelease> suspects) const {
  Json one = summary(release);
  one.set("published_at", to_rfc3339(release.published_at)).set("blocked", release.blocked);
  one.set("pending", release.pending);
  if (!release.contract.empty()) one.set("contract", stored_contract(release, publishers_));
  one.set("suspect_devices", suspecting_devices(suspects, release));
  VEDETTE_TRY(const auto deltas, unit.releases().deltas(release.model, release.number));
  if (!deltas.empty()) one.set("deltas", summary(deltas));
  return one;
}

Result<HttpResponse> ReleaseService::list(const Call& /*call*/) {
  Json::Array releases;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto all, unit.releases().list());
    VEDETTE_TRY(const auto suspects, unit.violations().suspects());
    releases.reserve(all.size());
    for (const Release& release : all) {
      VEDETTE_TRY(Json one, told(unit, release, suspects));
      releases.push_back(std::move(one));
    }
    return {};
  }));
  Json body;
  body.set("releases", std::move(releases));
  return answer(body);
}

Result<Release> ReleaseService::named_by(const Call& call) {
  VEDETTE_TRY(const ModelName model, ModelName::parse(call.arguments.at(0)));
  VEDETTE_TRY(const std::uint64_t number, parse_number(call.arguments.at(1)));
  std::optional<Release> found;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(found, required(unit.releases().find(model, number),
                                model.str() + "/" + std::to_string(number)));
    return {};
  }));
  return *std::move(found);
}

Result<HttpResponse> ReleaseService::block(const Call& call) {
  VEDETTE_TRY(const Json body, codec::parse_json(as_text(call.request.body)));
  VEDETTE_TRY(const std::string reason, body.string("reason"));
  VEDETTE_TRY(const Release found, named_by(call));
  Json details;
  details.set("reason", reason);
  VEDETTE_CHECK(
      chronicle_.decide({.kind = "block",
                         .subject = found.model.str() + "/" + std::to_string(found.number),
                         .actor = call.caller.name(),
                         .rule = call.rule,
                         .details = details},
                        [&](UnitOfWork& unit, Matter&) {
                          return unit.releases().set_blocked(found.model, found.number, true);
                        }));
  return answer(Json::Object{});
}

Result<HttpResponse> ReleaseService::latest(const Call& call) {
  VEDETTE_TRY(const ModelName model, ModelName::parse(call.arguments.at(0)));
  VEDETTE_TRY(const auto having, parse_having(call.query));
  std::optional<Release> found;
  std::vector<ReleaseDelta> deltas;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(found, required(unit.releases().latest(model), model.str()));
    if (having.empty()) return {};
    VEDETTE_TRY(deltas, unit.releases().deltas(model, found->number));
    return {};
  }));
  // A tier that was not known did not decide; one that did must still be this one's.
  if (call.resource.tier && *call.resource.tier != found->tier)
    return refuse("AUTH-CHANGED", "a release of another tier was published meanwhile", model.str(),
                  "ask again");
  VEDETTE_CHECK(check_listed_(*found));
  Json body = summary(*found);
  body.set("bundle", found->bundle).set("statement", found->statement);
  if (!found->contract.empty()) body.set("contract", found->contract);
  if (!found->approval.empty()) body.set("approval", found->approval);
  if (auto offered = offer(deltas, having); !offered.empty())
    body.set("deltas", std::move(offered));
  return answer(body);
}

// A file is given out only as part of a release that is not blocked: the model's, or a delta.
Result<HttpResponse> ReleaseService::get_blob(const Call& call) {
  VEDETTE_TRY(const auto digest, parse_sha256(call.arguments.at(0)));
  VEDETTE_TRY(const std::uint64_t size, size_of_part(call, digest));
  VEDETTE_TRY(auto fd, blobs_.open(digest));
  if (!fd)
    return refuse("STORE-BLOB", "the release's file is missing from the store", to_hex(digest));
  return answer_file_or_part(call.request, *std::move(fd), size, to_hex(digest));
}

Result<std::uint64_t> ReleaseService::size_of_part(const Call& call,
                                                   const crypto::Sha256Digest& digest) {
  const auto model_text = call.query.find("model");
  const auto number_text = call.query.find("release");
  if (model_text == call.query.end() || number_text == call.query.end())
    return refuse("HTTP-QUERY", "the query must name model and release");
  VEDETTE_TRY(const ModelName model, ModelName::parse(model_text->second));
  VEDETTE_TRY(const std::uint64_t number, parse_number(number_text->second));
  std::optional<Release> found;
  std::vector<ReleaseDelta> deltas;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(found, required(unit.releases().find(model, number), model.str()));
    if (found->file_sha256 == digest) return {};
    VEDETTE_TRY(deltas, unit.releases().deltas(model, number));
    return {};
  }));
  if (found->blocked)
    return refuse("REL-BLOCKED", "this release is blocked",
                  model.str() + "/" + number_text->second);
  if (found->pending)
    return refuse("REL-PENDING", "this release waits for another publisher's approval",
                  model.str() + "/" + number_text->second);
  VEDETTE_CHECK(check_listed_(*found));
  if (found->file_sha256 == digest) return found->file_size;
  for (const ReleaseDelta& delta : deltas)
    if (delta.delta_sha256 == digest) return delta.delta_size;
  return refuse("HTTP-NOT-FOUND", "this file is not part of that release", to_hex(digest));
}

}  // namespace vedette::server
