namespace IlqrVae.Data.Tests;

/// <summary>What every message about the user's input must be.</summary>
internal static class Faults
{
    public static string Message(Action action, params string[] mentioned)
    {
        var message = Assert.Throws<InputException>(action).Message;
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain('\r', message);
        foreach (var part in mentioned)
        {
            Assert.Contains(part, message, StringComparison.Ordinal);
        }

        return message;
    }
}
