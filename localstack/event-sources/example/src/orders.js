/** Records that are not JSON are reported, so that only they are retried and in the end go to `orders.failed`. */
export async function handler(event) {
  const batchItemFailures = [];
  for (const [partition, records] of Object.entries(event.records)) {
    for (const { offset, value } of records) {
      try {
        const order = JSON.parse(Buffer.from(value, 'base64').toString());
        console.log(`order ${order.id}: ${order.total}`);
      } catch {
        batchItemFailures.push({ itemIdentifier: { partition, offset } });
      }
    }
  }
  return { batchItemFailures };
}
