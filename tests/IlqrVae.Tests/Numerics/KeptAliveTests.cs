using System.Reflection;
using System.Reflection.Emit;
using IlqrVae.Benchmarking.SelfTest;
using IlqrVae.Numerics;

namespace IlqrVae.Tests.Numerics;

/// <summary>
/// Whoever takes an address from a matrix keeps something alive after it has taken the last one; see the remarks of <see cref="Matrix{T}"/>. What the compiler
/// made of each method is read, since a forgotten line shows itself only when the garbage collector comes at the wrong moment.
/// </summary>
public sealed unsafe class KeptAliveTests
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Assembly Library = typeof(Matrix<>).Assembly;
    private static readonly Assembly Benchmarking = typeof(SelfCheck).Assembly;

    private static readonly Dictionary<int, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value & 0xFFFF);

    [Fact]
    public void Whoever_takes_an_address_keeps_its_memory_alive()
    {
        var found = new[] { Library, Benchmarking }.SelectMany(Methods).Where(Forgets).Select(Name).Order(StringComparer.Ordinal).ToList();
        Assert.True(found.Count == 0, $"These take addresses and keep nothing alive after the last:\n{string.Join('\n', found)}");
    }

    /// <summary>Those that are looked for are found, by the address of a matrix or by one that somebody has taken from it.</summary>
    [Fact]
    public void Who_forgets_is_found()
    {
        var found = Methods(typeof(KeptAliveTests).Assembly).Where(method => method.DeclaringType == typeof(Cases)).Where(Forgets).Select(method => method.Name.Split('|')[0]);
        Assert.Equal(
            ["<ForgetsInside>g__Take", "ForgetsARow", "ForgetsAnElement", "ForgetsWhatItTakesLast", "ForgetsWhatOthersTook"],
            found.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Contains(Methods(Library), method => method.DeclaringType!.Name == "LineSearch`1" && method.Name == "RollOut" && Takes(method));
        Assert.Contains(Methods(Benchmarking), Takes);
    }

    private static IEnumerable<MethodBase> Methods(Assembly assembly) => assembly.GetTypes()
        .SelectMany(type => type.GetMethods(Own).Cast<MethodBase>().Concat(type.GetConstructors(Own))).Where(method => method.GetMethodBody() is not null);

    private static bool Takes(MethodBase method) => Calls(method).Any(GivesAddress);

    /// <summary>Who hands the address on leaves the keeping to its callers.</summary>
    private static bool Forgets(MethodBase method)
    {
        if (IsOfMatrix(method) || method is MethodInfo { ReturnType.IsPointer: true })
        {
            return false;
        }

        var calls = Calls(method).ToList();
        var last = calls.FindLastIndex(GivesAddress);
        return last >= 0 && !calls.Skip(last).Any(called => called.Name == nameof(GC.KeepAlive));
    }

    private static bool GivesAddress(MethodBase called)
        => (IsOfMatrix(called) && called.Name is "get_Pointer" or "RowPointer") || (called is MethodInfo { ReturnType.IsPointer: true } && IsOurs(called));

    private static bool IsOurs(MethodBase method) => method.Module.Assembly.GetName().Name!.StartsWith(nameof(IlqrVae), StringComparison.Ordinal);

    private static bool IsOfMatrix(MethodBase method) => method.DeclaringType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Matrix<>);

    private static string Name(MethodBase method)
        => $"{method.DeclaringType!.FullName}.{method.Name}({string.Join(", ", method.GetParameters().Select(parameter => parameter.ParameterType.Name))})";

    /// <summary>The methods that a method names, in the order of its instructions, but for those whose result it drops.</summary>
    private static IEnumerable<MethodBase> Calls(MethodBase method)
    {
        var bytes = method.GetMethodBody()!.GetILAsByteArray()!;
        var ofType = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        var ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < bytes.Length;)
        {
            int value = bytes[at++];
            var code = Codes[value == 0xFE ? 0xFE00 | bytes[at++] : value];
            if (code.OperandType == OperandType.InlineMethod && bytes[at + 4] != OpCodes.Pop.Value)
            {
                yield return method.Module.ResolveMethod(BitConverter.ToInt32(bytes, at), ofType, ofMethod)!;
            }

            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(bytes, at)),
                _ => 4,
            };
        }
    }

    private static class Cases
    {
        public static double Keeps(Matrix<double> matrix)
        {
            var sum = *matrix.Pointer + *matrix.RowPointer(1);
            matrix.KeepAlive();
            return sum;
        }

        public static double Needs(Matrix<double> matrix) => matrix[0, 0] + matrix.Row(0)[0];

        public static void Drops(Matrix<double> matrix) => _ = HandsOn(matrix);

        public static double* HandsOn(Matrix<double> matrix) => matrix.RowPointer(1);

        public static double ForgetsAnElement(Matrix<double> matrix) => *matrix.Pointer;

        public static double ForgetsARow(Matrix<double> matrix) => *matrix.RowPointer(1);

        public static double ForgetsWhatOthersTook(Matrix<double> matrix) => *HandsOn(matrix);

        public static double ForgetsWhatItTakesLast(Matrix<double> matrix)
        {
            var first = *matrix.Pointer;
            matrix.KeepAlive();
            return first + *matrix.RowPointer(1);
        }

        public static double ForgetsInside<T>(Matrix<double> matrix)
            where T : struct
        {
            return Take<T>();

            double Take<TOther>() => sizeof(int) + (typeof(TOther) == typeof(T) ? *matrix.Pointer : 0);
        }
    }
}
