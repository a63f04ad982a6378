def handler(event, context):
    if 'records' in event:
        count = sum(len(records) for records in event['records'].values())
        print(f'report: {count} orders have arrived')
    else:
        # EventBridge Scheduler has no input of its own here, so the event says when it was due.
        print(f"report: due at {event['time']}")
