import os
import signal
import sys
import time


def echo(event, context):
    print('printed')
    sys.stdout.write('without a line break')
    return {'received': event, 'function': context.function_name}


def nothing(event, context):
    pass


def fail(event, context):
    raise ValueError('the reason')


def leave(event, context):
    sys.exit(3)


def hang(event, context):
    time.sleep(60)


def die(event, context):
    os._exit(4)


def interrupt(event, context):
    os.kill(os.getpid(), signal.SIGINT)


def not_json(event, context):
    return {1, 2}


def not_finite(event, context):
    return {'ratio': float('nan'), 'ratios': [float('inf'), 1.5]}


def process_id(event, context):
    return os.getpid()


def print_metrics(event, context):
    print('{"_aws":{},"RowsSent":3}')


def print_refused_metrics(event, context):
    print('{"_aws":{},"Refused":-1}')
