namespace IlqrVae.Reports.Live;

/// <summary>
/// What a live page is to show: one message a key, the newest. A reader asks for what is newer than what it has; one that is slow misses what was replaced meanwhile, and
/// one that comes late gets all that there is.
/// </summary>
/// <param name="joined">Told that a reader has come, on that one's thread.</param>
internal sealed class LiveFeed(Action joined)
{
    private readonly Lock _lock = new();
    private readonly List<(string Key, byte[] Message, long Version)> _messages = [];
    private TaskCompletionSource _changed = NewSignal();
    private long _version;
    private bool _isEnded;
    private int _readers;

    /// <summary>Gets how many readers there are.</summary>
    public int Readers => Volatile.Read(ref _readers);

    /// <summary>Puts a message in the place of the one of its key.</summary>
    /// <param name="key">What it is of.</param>
    /// <param name="message">The message.</param>
    public void Put(string key, byte[] message) => Put(key, message, isLast: false);

    /// <summary>Puts the last message.</summary>
    /// <param name="message">The message.</param>
    public void End(byte[] message) => Put("", message, isLast: true);

    /// <summary>What is newer than a version, in the order in which keys came first.</summary>
    /// <param name="version">What the reader has; 0 for nothing.</param>
    public LiveNews After(long version)
    {
        lock (_lock)
        {
            return new LiveNews([.. _messages.Where(one => one.Version > version).Select(one => one.Message)], _version, _isEnded, _changed.Task);
        }
    }

    /// <summary>Takes note of a reader that comes.</summary>
    /// <param name="most">How many there may be.</param>
    /// <returns>Whether it may read.</returns>
    public bool TryJoin(int most)
    {
        if (Interlocked.Increment(ref _readers) > most)
        {
            Leave();
            return false;
        }

        joined();
        return true;
    }

    /// <summary>Takes note of a reader that goes.</summary>
    public void Leave() => Interlocked.Decrement(ref _readers);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Put(string key, byte[] message, bool isLast)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            if (_isEnded)
            {
                return;
            }

            var at = _messages.FindIndex(one => string.Equals(one.Key, key, StringComparison.Ordinal));
            if (at < 0)
            {
                _messages.Add((key, message, ++_version));
            }
            else
            {
                _messages[at] = (key, message, ++_version);
            }

            _isEnded = isLast;
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.SetResult();
    }
}

/// <summary>What is new for a reader.</summary>
/// <param name="Messages">The messages.</param>
/// <param name="Version">What the reader has when it has these.</param>
/// <param name="IsEnded">Whether nothing more will come.</param>
/// <param name="Changed">Done when something more has come.</param>
internal sealed record LiveNews(IReadOnlyList<byte[]> Messages, long Version, bool IsEnded, Task Changed);
