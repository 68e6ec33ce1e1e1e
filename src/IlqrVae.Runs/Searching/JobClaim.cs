using System.Diagnostics;
using System.Globalization;
using System.Text;
using IlqrVae.Data;

namespace IlqrVae.Runs.Searching;

/// <summary>
/// A job that this worker has taken and no other may: a file that could be made only once. It is kept open and locked, and written to now and then. A worker that died holds no lock, and its file is
/// not written to any more: then another may take the job. Where machines share a file system that keeps locks to itself, what is written tells.
/// </summary>
internal sealed class JobClaim : IDisposable
{
    /// <summary>Time between two signs of life.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);

    /// <summary>Time without a sign of life after which a worker on another machine is taken for dead.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Lock _lock = new();
    private readonly FileStream _stream;
    private readonly Timer _timer;
    private bool _isReleased;

    private JobClaim(FileStream stream)
    {
        _stream = stream;
        SignOfLife();
        _timer = new Timer(_ => SignOfLife(), null, Interval, Interval);
    }

    /// <summary>Takes a job if nobody has it.</summary>
    /// <param name="path">The file that stands for it.</param>
    /// <param name="patience">Time without a sign of life after which a worker on another machine is taken for dead.</param>
    /// <returns>The claim; null where another has it.</returns>
    public static JobClaim? TryTake(string path, TimeSpan patience)
    {
        for (var attempt = 0; attempt < 2; attempt++)
        {
            try
            {
                // The file goes when it is closed, before its lock does.
                return new JobClaim(new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose));
            }
            catch (IOException) when (File.Exists(path))
            {
                if (!RemoveDead(path, patience))
                {
                    return null;
                }
            }
        }

        return null;
    }

    /// <summary>Gives the job back, done or not.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isReleased = true;
            _timer.Dispose();
            _stream.Dispose();
        }
    }

    /// <summary>Removes the claim of a worker that has died.</summary>
    private static bool RemoveDead(string path, TimeSpan patience)
    {
        var grave = $"{path}.{Guid.NewGuid():N}";
        try
        {
            // Who has just made it writes to it once it is locked: till then nobody may try the lock, which would keep it from its owner.
            if (new FileInfo(path).Length == 0 && IsPatient(path, patience))
            {
                return false;
            }

            // To be written too, since network file systems lock no file that is only read. Windows moves an open file only where it was said that it may be.
            using (var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None))
            using (var reader = new StreamReader(stream))
            {
                // There are file systems that keep locks to one machine, and some that have none at all.
                var isGone = reader.ReadLine() == Environment.MachineName && !IsRunning(reader.ReadLine());
                if (!isGone && IsPatient(path, patience))
                {
                    return false;
                }

                // Only one of those that come to this can move it.
                File.Move(path, grave);
            }

            File.Delete(grave);
            return true;
        }
        catch (IOException)
        {
            // It is locked, or gone.
            return false;
        }
    }

    /// <summary>Whether a process of this machine goes on.</summary>
    private static bool IsRunning(string? process)
    {
        try
        {
            using var found = Process.GetProcessById(int.Parse(process ?? "", CultureInfo.InvariantCulture));
            return !found.HasExited;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or OverflowException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Whether a claim was written to so lately that its worker may be alive.</summary>
    private static bool IsPatient(string path, TimeSpan patience) => TimeIn(Path.GetDirectoryName(path)!) - File.GetLastWriteTimeUtc(path) < patience;

    /// <summary>The time by the clock that dates the files of a folder.</summary>
    private static DateTime TimeIn(string folder)
    {
        var probe = Path.Combine(folder, $".{Guid.NewGuid():N}");
        AtomicFile.WriteText(probe, "");
        var now = File.GetLastWriteTimeUtc(probe);
        File.Delete(probe);
        return now;
    }

    private void SignOfLife()
    {
        lock (_lock)
        {
            if (_isReleased)
            {
                return;
            }

            try
            {
                _stream.Position = 0;
                _stream.Write(Encoding.UTF8.GetBytes($"{Environment.MachineName}\n{Environment.ProcessId}\n"));
                _stream.Flush(flushToDisk: true);
            }
            catch (IOException)
            {
                // A disk that is full now need not be so at the next sign.
            }
        }
    }
}
