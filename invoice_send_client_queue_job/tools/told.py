"""When this process told users of their runs: from one job to the next.

A job is one document; told after each, a run of thousands would be told thousands of
times.
"""

#: Runs that are remembered for each database; told once more is no harm.
MOST = 1000

_told: dict[str, dict[int, float]] = {}


def of_database(name):
    """Give what is remembered of a database, to be read and written on.

    :param str name: the database
    :return: moments by the run's id, as ``SendingPass.told`` keeps them
    :rtype: dict[int, float]
    """
    told = _told.setdefault(name, {})
    if len(told) > MOST:
        told.clear()
    return told
