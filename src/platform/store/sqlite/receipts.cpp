#include <algorithm>

#include "platform/store/sqlite/repositories.h"

namespace vedette::platform::sqlite {

namespace {

using ledger::StoredReceipt;

constexpr std::size_t kMostListed = 1000;

Result<StoredReceipt> receipt_of(const Query& row) {
  VEDETTE_TRY(const auto id, row.digest(0));
  VEDETTE_TRY(auto device, row.name<DeviceId>(1));
  VEDETTE_TRY(auto model, row.name<ModelName>(2));
  VEDETTE_TRY(const auto release, row.natural(3));
  VEDETTE_TRY(const auto epoch, row.natural(4));
  VEDETTE_TRY(const auto received_at, row.time(5));
  VEDETTE_TRY(auto jws, row.text(6));
  return StoredReceipt{id,           std::move(device), std::move(model), release,
                       Epoch{epoch}, received_at,       std::move(jws)};
}

Result<std::vector<StoredReceipt>> all_of(Query query) {
  std::vector<StoredReceipt> receipts;
  for (;;) {
    VEDETTE_TRY(const bool found, query.next());
    if (!found) return receipts;
    VEDETTE_TRY(auto receipt, receipt_of(query));
    receipts.push_back(std::move(receipt));
  }
}

class SqliteReceipts final : public ledger::ReceiptRepository {
 public:
  explicit SqliteReceipts(Database& database) : database_(&database) {}

  Result<bool> add(const StoredReceipt& receipt) override {
    VEDETTE_TRY(
        const auto rows,
        database_->execute("INSERT INTO receipts"
                           " (id, device, model, release, epoch, received_at, jws)"
                           " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                           {receipt.id, receipt.device.str(), receipt.model.str(), receipt.release,
                            receipt.epoch.value, receipt.received_at, receipt.jws}));
    return rows == 1;
  }

  Result<std::vector<StoredReceipt>> list(const std::optional<DeviceId>& device,
                                          std::size_t limit) override {
    const std::size_t most = std::min(limit, kMostListed);
    if (!device) {
      VEDETTE_TRY(auto every,
                  database_->query("SELECT id, device, model, release, epoch, received_at, jws"
                                   " FROM receipts ORDER BY sequence DESC LIMIT ?",
                                   {most}));
      return all_of(std::move(every));
    }
    VEDETTE_TRY(auto some,
                database_->query("SELECT id, device, model, release, epoch, received_at, jws"
                                 " FROM receipts WHERE device = ? ORDER BY sequence DESC LIMIT ?",
                                 {device->str(), most}));
    return all_of(std::move(some));
  }

  Result<std::uint64_t> count() override {
    VEDETTE_TRY(auto query, database_->query("SELECT count(*) FROM receipts"));
    VEDETTE_TRY([[maybe_unused]] const bool found, query.next());
    return query.natural(0);
  }

 private:
  Database* database_;
};

}  // namespace

std::unique_ptr<ledger::ReceiptRepository> make_receipt_repository(Database& database) {
  return std::make_unique<SqliteReceipts>(database);
}

}  // namespace vedette::platform::sqlite
