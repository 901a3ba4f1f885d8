#include "server/resource.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/visible_text.h"
#include "codec/json.h"

namespace vedette::server {

namespace {

using platform::UnitOfWork;
using policy::Attribute;
using release::Release;

constexpr Attribute kOfResources[] = {Attribute::resource_group, Attribute::resource_device,
                                      Attribute::resource_model, Attribute::resource_tier,
                                      Attribute::resource_audience};

bool asks_about_any(const policy::Policy& policy) {
  for (const Attribute attribute : kOfResources)
    if (policy.asks_about(attribute)) return true;
  return false;
}

template <class Id>
std::optional<Id> parsed(std::string_view text) {
  auto id = Id::parse(text);
  if (!id) return std::nullopt;
  return *std::move(id);
}

std::optional<std::string> at(const std::vector<std::string>& arguments, std::size_t place) {
  if (place >= arguments.size()) return std::nullopt;
  return arguments[place];
}

std::optional<std::string> at(const std::map<std::string, std::string>& query, const char* name) {
  const auto found = query.find(name);
  if (found == query.end()) return std::nullopt;
  return found->second;
}

std::optional<std::uint64_t> number_of(const std::optional<std::string>& text) {
  std::uint64_t number = 0;
  if (!text) return std::nullopt;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (fault != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return number;
}

template <class Id>
void set_name(std::optional<std::string>& to, const std::optional<std::string>& text) {
  if (text && parsed<Id>(*text)) to = text;
}

// One that has not enrolled is of the group that it is to enrol into: of the first of its entries,
// where there are several; the handler asks about each.
Result<void> find_device(platform::Store& store, const std::optional<std::string>& name,
                         Resource& resource) {
  set_name<DeviceId>(resource.device, name);
  if (!resource.device) return {};
  return store.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto device, unit.devices().find(*parsed<DeviceId>(*resource.device)));
    if (device) {
      resource.group = device->group.str();
      return {};
    }
    VEDETTE_TRY(const auto entries, unit.enrollment_rules().list());
    const auto entry = std::ranges::find(entries, *parsed<DeviceId>(*resource.device),
                                         &identity::AllowedEndorsement::device);
    if (entry != entries.end()) resource.group = entry->group.str();
    return {};
  });
}

// `number`: of which release; none for the latest.
Result<void> find_release(platform::Store& store, const std::optional<std::string>& model,
                          const std::optional<std::optional<std::uint64_t>>& number,
                          Resource& resource) {
  set_name<ModelName>(resource.model, model);
  if (!resource.model || (number && !*number)) return {};
  const ModelName name = *parsed<ModelName>(*resource.model);
  return store.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto found,
                number ? unit.releases().find(name, **number) : unit.releases().latest(name));
    if (found) resource.tier = found->tier;
    return {};
  });
}

// What is no JSON names nothing; the handler says so.
void read_audience(const platform::HttpRequest& request, Resource& resource) {
  const auto body = codec::parse_json(as_text(request.body));
  auto audience = body ? body->string("audience") : std::unexpected(body.error());
  if (audience && is_visible_text(*audience)) resource.audience = *std::move(audience);
}

void read_body(const platform::HttpRequest& request, Resource& resource) {
  const auto body = codec::parse_json(as_text(request.body));
  if (!body) return;
  const auto member = [&](const char* name) -> std::optional<std::string> {
    auto text = body->string(name);
    if (!text) return std::nullopt;
    return *std::move(text);
  };
  set_name<GroupId>(resource.group, member("group"));
  set_name<DeviceId>(resource.device, member("device"));
}

}  // namespace

void Resource::add_to(policy::Facts& facts) const {
  if (group) facts.set_name(Attribute::resource_group, *group);
  if (device) facts.set_name(Attribute::resource_device, *device);
  if (model) facts.set_name(Attribute::resource_model, *model);
  if (audience) facts.set_name(Attribute::resource_audience, *audience);
  if (tier) facts.set_choice(Attribute::resource_tier, release::to_string(*tier));
}

Result<Resource> find_resource(platform::Store& store, const policy::Policy& policy,
                               const Asked& asked) {
  Resource resource;
  if (asked.about == About::nothing || !asks_about_any(policy)) return resource;
  switch (asked.about) {
    case About::nothing:
      break;
    case About::group:
      set_name<GroupId>(resource.group, at(asked.arguments, 0));
      break;
    case About::device:
      VEDETTE_CHECK(find_device(store, at(asked.arguments, 0), resource));
      break;
    case About::body:
      read_body(asked.request, resource);
      break;
    case About::audience:
      read_audience(asked.request, resource);
      break;
    case About::latest_release:
      VEDETTE_CHECK(find_release(store, at(asked.arguments, 0), std::nullopt, resource));
      break;
    case About::release:
      VEDETTE_CHECK(
          find_release(store, at(asked.arguments, 0), number_of(at(asked.arguments, 1)), resource));
      break;
    case About::release_of_query:
      VEDETTE_CHECK(find_release(store, at(asked.query, "model"),
                                 number_of(at(asked.query, "release")), resource));
      break;
  }
  return resource;
}

}  // namespace vedette::server
