using IlqrVae.Data;

namespace IlqrVae.Runs.Files;

/// <summary>
/// Holds a run's folder for one training: a file in it that is kept open so that no other process, nor another thread, can open it. The system lets go of
/// it when the process ends, however it ends; the file itself stays and means nothing.
/// </summary>
internal sealed class RunLock : IDisposable
{
    private readonly FileStream _stream;

    private RunLock(FileStream stream) => _stream = stream;

    /// <summary>Takes the lock.</summary>
    /// <param name="folder">The folder, which exists.</param>
    /// <exception cref="InputException">Another training has it.</exception>
    public static RunLock Take(RunFolder folder)
    {
        try
        {
            return new RunLock(new FileStream(folder.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception) when (AtomicFile.IsReadOnly(exception))
        {
            throw new InputException($"{folder.Root}: the folder cannot be written to, for its file system is read-only; choose another with -o, or copy the run.", exception);
        }
        catch (IOException exception) when (File.Exists(folder.Lock))
        {
            throw new InputException(
                $"{folder.Root}: another training is at work in this folder; wait until it ends, stop it, or choose another folder with -o.", exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new InputException($"{folder.Root}: the folder may not be written to; choose another with -o, or change its permissions.", exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();
}
