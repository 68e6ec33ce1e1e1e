using System.Numerics;
using PureHDF;

namespace IlqrVae.Data;

/// <summary>The numeric types that HDF5 and MATLAB files store.</summary>
internal enum StoredType
{
    /// <summary>Not a number: a structure, a reference and so on.</summary>
    Other,

    /// <summary>Text.</summary>
    Text,
    Int8,
    UInt8,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Single,
    Double,
}

/// <summary>Numbers in the type they were stored in, converted where they are needed.</summary>
internal static class StoredNumbers
{
    public static StoredType TypeOf(IH5DataType type) => type.Class switch
    {
        H5DataTypeClass.FixedPoint => Whole(type.FixedPoint.IsSigned, type.Size),
        H5DataTypeClass.FloatingPoint => type.Size switch
        {
            4 => StoredType.Single,
            8 => StoredType.Double,
            _ => StoredType.Other,
        },
        H5DataTypeClass.Enumerated when type.Enumeration.BaseType is { Class: H5DataTypeClass.FixedPoint } whole => Whole(whole.FixedPoint.IsSigned, whole.Size),
        H5DataTypeClass.String or H5DataTypeClass.VariableLength => StoredType.Text,
        _ => StoredType.Other,
    };

    public static string Describe(StoredType type) => type switch
    {
        StoredType.Text => "text",
        StoredType.Other => "data of a type that is not read",
        StoredType.Single or StoredType.Double => "real numbers",
        _ => "whole numbers",
    };

    public static bool IsNumber(StoredType type) => type > StoredType.Text;

    public static bool IsWhole(StoredType type) => IsNumber(type) && type is not (StoredType.Single or StoredType.Double);

    public static int Bytes(StoredType type) => type switch
    {
        StoredType.Int8 or StoredType.UInt8 => 1,
        StoredType.Int16 or StoredType.UInt16 => 2,
        StoredType.Int32 or StoredType.UInt32 or StoredType.Single => 4,
        _ => 8,
    };

    /// <summary>Copies a run of stored numbers into another type; overflow throws.</summary>
    public static void Copy<T>(Array stored, int first, Span<T> destination)
        where T : INumberBase<T>
    {
        switch (stored)
        {
            case T[] same: same.AsSpan(first, destination.Length).CopyTo(destination); break;
            case sbyte[] numbers: Convert<sbyte, T>(numbers, first, destination); break;
            case byte[] numbers: Convert<byte, T>(numbers, first, destination); break;
            case short[] numbers: Convert<short, T>(numbers, first, destination); break;
            case ushort[] numbers: Convert<ushort, T>(numbers, first, destination); break;
            case int[] numbers: Convert<int, T>(numbers, first, destination); break;
            case uint[] numbers: Convert<uint, T>(numbers, first, destination); break;
            case long[] numbers: Convert<long, T>(numbers, first, destination); break;
            case ulong[] numbers: Convert<ulong, T>(numbers, first, destination); break;
            case float[] numbers: Convert<float, T>(numbers, first, destination); break;
            case double[] numbers: Convert<double, T>(numbers, first, destination); break;
            default: throw new NotSupportedException($"Numbers stored as {stored.GetType().Name} are not converted.");
        }
    }

    private static void Convert<TStored, T>(TStored[] stored, int first, Span<T> destination)
        where TStored : INumberBase<TStored>
        where T : INumberBase<T>
    {
        var from = stored.AsSpan(first, destination.Length);
        for (var i = 0; i < from.Length; i++)
        {
            destination[i] = T.CreateChecked(from[i]);
        }
    }

    private static StoredType Whole(bool isSigned, int bytes) => (isSigned, bytes) switch
    {
        (true, 1) => StoredType.Int8,
        (false, 1) => StoredType.UInt8,
        (true, 2) => StoredType.Int16,
        (false, 2) => StoredType.UInt16,
        (true, 4) => StoredType.Int32,
        (false, 4) => StoredType.UInt32,
        (true, 8) => StoredType.Int64,
        (false, 8) => StoredType.UInt64,
        _ => StoredType.Other,
    };
}
