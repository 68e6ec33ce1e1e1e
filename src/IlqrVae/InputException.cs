namespace IlqrVae;

/// <summary>
/// The user's input (a file, a configuration, an option) is wrong. The message is one line that says what is wrong, where, and how to mend it;
/// the command line prints it as it is and exits with code 2.
/// </summary>
public sealed class InputException : Exception
{
    private const int LongestMessage = 1600;

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line: what, where, and how to mend it.</param>
    public InputException(string message)
        : base(OneLine(message))
    {
    }

    /// <summary>Creates the exception with the error that revealed the fault.</summary>
    /// <param name="message">One line: what, where, and how to mend it.</param>
    /// <param name="innerException">The error that revealed the fault.</param>
    public InputException(string message, Exception innerException)
        : base(OneLine(message), innerException)
    {
    }

    /// <summary>Names out of files may hold anything, and be of any length: what stands before and behind them is what helps.</summary>
    private static string OneLine(string message)
    {
        if (message is { Length: > LongestMessage })
        {
            message = $"{message.AsSpan(0, LongestMessage / 2)} ... {message.AsSpan(message.Length - (LongestMessage / 4))}";
        }

        // Among control characters are those with which a text moves the cursor, names windows, and fills clipboards.
        return message is not null && message.Any(char.IsControl) ? new string([.. message.Select(character => char.IsControl(character) ? ' ' : character)]) : message ?? "";
    }
}
